/** Commands on another machine: TLS as it was agreed, tokens that stay where they are, the errors of the way there. */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { FarApi } from '../../../src/far/far-api.ts';
import { farViewer } from '../../../src/far/far-viewer.ts';
import { onFrames } from '../../../src/host-client/host-connection.ts';
import { certificateFingerprint } from '../../../src/http/certificate-fingerprint.ts';
import { frame, frameKinds } from '../../../src/protocol/frames.ts';
import { ScreenMirror } from '../../../src/terminal/screen-mirror.ts';
import { verifies } from '../../requirements.ts';
import { fixture, runClaudex, startClaudex } from '../../support/claudex.ts';
import { otherMachine, selfSigned } from '../../support/far.ts';
import { processesWithEnvironment } from '../../support/processes.ts';
import { promptBox } from '../../support/real-claude.ts';
import { standIn } from '../../support/stand-in.ts';
import { useTestBed } from '../../support/test-bed.ts';
import { until } from '../../support/until.ts';
import { startWeb } from '../../support/web.ts';

const patient = { timeoutMs: 60_000 };
const everything = ['view', 'send', 'answer', 'terminal', 'manage'];

describe('commands on another machine', () => {
  const bed = useTestBed();

  it(`claudex web speaks TLS with the certificate it was given, and nothing else on that port ${verifies('web-tls')}`, async () => {
    const home = bed.home();
    const { cert, key } = await selfSigned(home.root);
    const web = await startWeb(home, { args: ['--tls-cert', cert, '--tls-key', key] });
    expect(web.url).toBe(`https://127.0.0.1:${web.port}`);
    const socket = connect({ port: web.port, host: '127.0.0.1', ca: readFileSync(cert) });
    bed.defer(() => void socket.destroy());
    await new Promise<void>((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject));
    expect([socket.authorized, socket.getPeerCertificate().subject.CN]).toEqual([true, 'localhost']);
    await expect(web.send('/healthz')).rejects.toThrow();
  });

  it(`what is no certificate, or one of another key, is said ${verifies('web-tls')}`, async () => {
    const [home, other] = [bed.home(), bed.home()];
    const [own, strange] = [await selfSigned(home.root), await selfSigned(other.root)];
    for (const [cert, key] of [
      [own.cert, strange.key],
      [own.key, own.key],
    ] as const) {
      const ran = await runClaudex(['web', '--port', '0', '--tls-cert', cert, '--tls-key', key], { env: home.env() });
      expect(ran).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('no certificate and its key') });
    }
  });

  it(`beyond loopback without TLS it does not start, unless that is said ${verifies('web-tls')}`, async () => {
    const home = bed.home();
    const refused = await runClaudex(['web', '--host', '0.0.0.0', '--port', '0'], { env: home.env(), cwd: home.cwd });
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('--plain-http')]);
    const web = await startWeb(home, { args: ['--host', '0.0.0.0', '--plain-http'] });
    expect((await web.send('/healthz')).status).toBe(200);
  });

  it(`a machine is added with a token that is seen nowhere, tried at once, listed and removed ${verifies('far-tokens')}`, async () => {
    const [there, from] = [bed.home(), bed.home()];
    const machine = await otherMachine(there, from);
    const { web, certificate, here } = machine;
    const token = await web.token('view', 'send');
    const add = (stdin: string, ...more: string[]) => here(['host', 'add', 'devbox', web.url, ...more], stdin);
    const trusting = ['--ca', certificate];
    expect(await add(token)).toMatchObject({ code: 3, stderr: expect.stringContaining('is not trusted') });
    expect(await add(`${token}x`, ...trusting)).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('does not take the token'),
    });
    expect(await add('', ...trusting)).toMatchObject({ code: 3 });
    expect(JSON.parse((await here(['host', 'list', '--json'])).stdout)).toEqual([]);
    const added = await add(token, ...trusting);
    expect(added).toMatchObject({ code: 0, stdout: expect.stringContaining('view, send') });
    expect(added.stdout + added.stderr).not.toContain(token);
    expect(statSync(join(from.claudexHome, 'machines.json')).mode & 0o777).toBe(0o600);
    const listed = (await here(['host', 'list', '--json'])).stdout;
    expect(JSON.parse(listed)).toEqual([
      { name: 'devbox', url: web.url, device: 'test', scopes: ['view', 'send'], error: null },
    ]);
    expect(listed).not.toContain(token);
    expect((await here(['--host', 'devbox', 'list', '--json'])).stdout).toBe('[]\n');
    expect((await here(['--host', web.url, 'list', '--json'])).stdout).toBe('[]\n');
    const logged = readFileSync(join(there.claudexHome, 'logs', 'web.log'), 'utf8');
    expect(logged).not.toContain(token.slice(-20));

    const { id } = JSON.parse(
      (await runClaudex(['web', 'devices', '--json'], { env: there.env(), cwd: there.cwd })).stdout,
    )[0];
    await runClaudex(['web', 'revoke', id], { env: there.env(), cwd: there.cwd });
    expect(await here(['--host', 'devbox', 'list'])).toMatchObject({ code: 3 });
    expect(JSON.parse((await here(['host', 'list', '--json'])).stdout)[0].error).toBe('FAR_TOKEN_REFUSED');
    expect(await here(['host', 'remove', 'devbox'])).toMatchObject({ code: 0 });
    expect(await here(['--host', 'devbox', 'list'])).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('No machine has that name'),
    });
  });

  it(`on a terminal the token is asked for and not shown ${verifies('far-tokens')}`, async () => {
    const [there, from] = [bed.home(), bed.home()];
    const { web, certificate, env } = await otherMachine(there, from);
    const token = await web.token('view');
    const adding = startClaudex(['host', 'add', 'devbox', web.url, '--ca', certificate], { env, cwd: from.cwd });
    await adding.waitForScreen('Token for', patient);
    adding.type(`x\x7f${token}`);
    adding.key('enter');
    expect(await adding.waitForExit()).toMatchObject({ code: 0 });
    expect(adding.screen()).toContain('as "test", with view');
    expect(adding.rawOutput().toString()).not.toContain(token.slice(-20));
    expect(adding.ttyFlags()).toMatch(/(?<!-)\becho\b/);
    const leaving = startClaudex(['host', 'add', 'devbox', web.url, '--ca', certificate], { env, cwd: from.cwd });
    await leaving.waitForScreen('Token for', patient);
    leaving.key('ctrl-c');
    expect((await leaving.waitForExit()).code).not.toBe(0);
    expect(leaving.ttyFlags()).toMatch(/(?<!-)\becho\b/);
  });

  it(`a pairing link is spent for a token with the scopes that were asked for; its certificate is trusted by its fingerprint alone ${verifies('far-pairing')}`, async () => {
    const [there, from] = [bed.home(), bed.home()];
    const { web, certificate, here } = await otherMachine(there, from);
    const fingerprint = certificateFingerprint(readFileSync(certificate));
    const newLink = async () => `${web.url}/#pair=${await web.pairingCode()}`;
    const link = await newLink();
    const add = (stdin: string, ...more: string[]) => here(['host', 'add', 'devbox', ...more], stdin);
    const devices = async () =>
      JSON.parse((await runClaudex(['web', 'devices', '--json'], { env: there.env(), cwd: there.cwd })).stdout);

    // nothing of this reaches the server: the link stays good
    const refusals: Array<[string, string[], string]> = [
      [link, [], fingerprint],
      [link, ['--fingerprint', `sha256:${'0'.repeat(64)}`], fingerprint],
      [link, ['--fingerprint', fingerprint, '--scope', 'view,everything'], 'no scope'],
      [link, ['--fingerprint', fingerprint, '--ca', certificate], 'do not go together'],
      ['cdxw_x', ['--fingerprint', fingerprint], 'pairing link'],
      ['cdxw_x', [web.url, '--fingerprint', fingerprint, '--scope', 'view'], 'its scopes already'],
      ['', [link], 'A pairing link is no argument'],
    ];
    for (const [stdin, words, said] of refusals) {
      const { code, stderr } = await add(stdin, ...words);
      expect([code === 0, stderr], words.join(' ')).toEqual([false, expect.stringContaining(said)]);
    }
    expect(await devices()).toEqual([]);

    const added = await add(link, '--fingerprint', fingerprint, '--json');
    expect(added).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(added.stdout)).toMatchObject({
      name: 'devbox',
      url: web.url,
      scopes: ['view', 'send', 'answer'],
    });
    expect(await devices()).toMatchObject([{ kind: 'program', scopes: ['view', 'send', 'answer'] }]);
    expect((await here(['--host', 'devbox', 'list', '--json'])).stdout).toBe('[]\n');
    expect(await here(['--host', 'devbox', 'start', there.cwd])).toMatchObject({ code: 3 });

    // good once; the address that was given counts more than that in the link
    expect(await add(link, '--fingerprint', fingerprint)).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('used already'),
    });
    const elsewhere = (await newLink()).replace(/127\.0\.0\.1:\d+/, 'nowhere.invalid');
    const plain = fingerprint.replace('sha256:', '').toUpperCase();
    const colons = plain.replace(/(..)(?!$)/g, '$1:');
    expect(await add(elsewhere, web.url, '--fingerprint', colons, '--scope', 'view')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('with view.'),
    });
    // another certificate than the one that was compared is not taken
    const machines = join(from.claudexHome, 'machines.json');
    const other = await selfSigned(from.root);
    const kept = JSON.parse(readFileSync(machines, 'utf8'));
    kept.machines[0].ca = readFileSync(other.cert, 'utf8');
    writeFileSync(machines, JSON.stringify(kept));
    expect(await here(['--host', 'devbox', 'list'])).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('not trusted'),
    });
  });

  it(`on a terminal the link is not shown, and whether the certificate is the right one is asked ${verifies('far-pairing')}`, async () => {
    const [there, from] = [bed.home(), bed.home()];
    const { web, certificate, env, here } = await otherMachine(there, from);
    const fingerprint = certificateFingerprint(readFileSync(certificate));
    for (const said of ['n', 'y']) {
      const code = await web.pairingCode();
      const adding = startClaudex(['host', 'add', 'devbox', '--scope', 'view'], { env, cwd: from.cwd, cols: 140 });
      await adding.waitForScreen('Pairing link', patient);
      adding.type(`${web.url}/#pair=${code}`);
      adding.key('enter');
      await adding.waitForScreen('[y/N]', patient);
      expect(adding.screen()).toContain(fingerprint);
      adding.type(said);
      adding.key('enter');
      expect((await adding.waitForExit()).code).toBe(said === 'y' ? 0 : 3);
      expect(adding.rawOutput().toString()).not.toContain(code);
      expect(adding.ttyFlags()).toMatch(/(?<!-)\becho\b/);
    }
    expect((await here(['--host', 'devbox', 'list', '--json'])).stdout).toBe('[]\n');
  });

  it(`what does not work from elsewhere says what does; a wrong address is named ${verifies('far-commands')}`, async () => {
    const [there, from] = [bed.home(), bed.home()];
    const machine = await otherMachine(there, from);
    expect(await machine.add('view')).toMatchObject({ code: 0 });
    const far = (...words: string[]) => machine.here(['--host', 'devbox', ...words]);
    const refusals: Array<[string[], string]> = [
      [[], 'From elsewhere work: list, send'],
      [['send', '.', 'x'], 'whole path'],
      [['history', 'x', '--follow'], 'only on the machine itself'],
      [['send', 'x', '--from', 'me', 'hi'], 'only on the machine itself'],
      [['send', 'nobody', 'hi'], 'No live session matches'],
    ];
    for (const [words, said] of refusals) {
      const { code, stderr } = await far(...words);
      expect([code === 0, stderr], words.join(' ')).toEqual([false, expect.stringContaining(said)]);
    }
    // nothing of this is meant for this machine
    for (const [words, said] of [
      [['--host=', 'stop', '--all'], 'the name or the address'],
      [['--host', '', 'stop', '--all'], 'the name or the address'],
      [['list', '--host', 'devbox'], 'in front of the command'],
      [['stop', '--all', '--host=devbox'], 'in front of the command'],
    ] as const) {
      const { code, stderr } = await machine.here([...words]);
      expect([words, code, stderr]).toEqual([words, 2, expect.stringContaining(said)]);
    }
    expect(await far('start', there.cwd)).toMatchObject({ code: 3, stderr: expect.stringContaining('manage') });
    expect(await far('status')).toMatchObject({ code: 0, stdout: expect.stringContaining('devbox: claudex') });
    const gone = await machine.here(['host', 'add', 'x', 'http://127.0.0.1:9'], 'token');
    expect(gone).toMatchObject({ code: 3, stderr: expect.stringContaining('cannot be reached') });
    // no session is the person
    const inside = { ...machine.env, CLAUDECODE: '1', CLAUDEX_HOST: 'devbox' };
    expect(await runClaudex(['list'], { env: inside, cwd: from.cwd })).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('claude session'),
    });
  });

  it(`attach shows the session there, comes back to it, and leaves the terminal as it was ${verifies('far-attach')}`, async () => {
    const [there, from] = [bed.home(), bed.home()];
    const env = { CLAUDEX_CLAUDE_BIN: standIn(there.root) };
    const machine = await otherMachine(there, from, { env });
    expect(await machine.add(...everything)).toMatchObject({ code: 0 });
    const far = (...words: string[]) => machine.here(['--host', 'devbox', ...words]);
    expect(await far('start', there.cwd, '--name', 'bytes')).toMatchObject({ code: 0 });
    const attached = machine.inTerminal(['attach', 'bytes']);
    await attached.waitForScreen((screen) => promptBox(screen) !== undefined, patient);
    attached.type('hello');
    await attached.waitForScreen('hello', patient);
    expect((await far('peek', 'bytes')).stdout).toContain('hello');
    // its server goes and comes back: the session did not notice, and the viewer is one again
    await machine.killServer();
    await attached.waitForScreen('The line to devbox is lost', patient);
    await machine.again();
    await attached.waitForScreen((screen) => screen.includes('hello') && !screen.includes('is lost'), patient);
    attached.type(' again');
    await attached.waitForScreen('hello again', patient);
    attached.key('ctrl-\\');
    expect(await attached.waitForExit()).toMatchObject({ code: 0 });
    expect(attached.screen()).toContain('claudex --host devbox attach bytes');
    // whoever only looks, sees what is typed, and types nothing: the keys before the one that leaves have been read by then
    const looking = machine.inTerminal(['attach', 'bytes', '--read-only']);
    await looking.waitForScreen('hello again', patient);
    looking.type(' from a looker');
    looking.key('ctrl-\\');
    expect(await looking.waitForExit()).toMatchObject({ code: 0 });
    const typing = machine.inTerminal(['attach', 'bytes']);
    await typing.waitForScreen('hello again', patient);
    typing.type(' and on');
    await typing.waitForScreen((screen) => promptBox(screen) === 'hello again and on', patient);
    typing.key('ctrl-\\');
    expect(await typing.waitForExit()).toMatchObject({ code: 0 });
    const words = async (...typed: string[]) =>
      (await machine.here(['completion', 'words', '--', ...typed])).stdout.split('\n');
    expect(await words('--host', '')).toContain('devbox');
    expect(await words('--host', 'devbox', '')).not.toContain('config');
    expect(await words('--host', 'devbox', 'attach', '--')).toContain('--read-only');
    expect(await far('stop', 'bytes', '--now')).toMatchObject({ code: 0 });
    expect(await far('peek', 'bytes')).toMatchObject({ code: 3 });
    expect(await far('forget', 'bytes')).toMatchObject({ code: 0 });
    expect((await far('list', '--all', '--json')).stdout).toBe('[]\n');
  });

  it(`a task with a start, a start for a message, and letting a terminal of its own go ${verifies('far-commands')}`, async () => {
    const [there, from] = [bed.home({ cwdNames: ['project', 'elsewhere', 'third'] }), bed.home()];
    const env = { CLAUDEX_CLAUDE_BIN: standIn(there.root, { turns: [{ afterMs: 0, says: 'it is done' }] }) };
    const machine = await otherMachine(there, from, { env });
    expect(await machine.add(...everything)).toMatchObject({ code: 0 });
    const far = (...words: string[]) => machine.here(['--host', 'devbox', ...words]);
    expect(await far('start', there.cwd, '--name', 'worker', '--task', 'the first task')).toMatchObject({ code: 0 });
    const messages = async () => JSON.parse((await far('inbox', '--all', '--json')).stdout);
    await until(async () => (await messages())[0]?.state === 'answered', patient);
    expect(await messages()).toMatchObject([{ body: 'the first task', answer: 'it is done' }]);
    const sent = await far('send', '--start', there.dir('elsewhere'), 'for one that is not there', '--wait');
    expect([sent.code, sent.stdout]).toEqual([0, expect.stringContaining('it is done')]);

    const own = startClaudex([], { cwd: there.dir('third'), env: there.env(undefined, env) });
    const listed = async () =>
      JSON.parse((await far('list', '--json')).stdout).find((one: { cwd: string }) => one.cwd === there.dir('third'));
    await until(async () => (await listed())?.state === 'idle', patient);
    const { id } = await listed();
    const detached = await far('detach', id, '--json');
    expect(detached).toMatchObject({ code: 0 });
    expect(JSON.parse(detached.stdout)).toMatchObject({ id, state: 'running' });
    expect((await own.waitForExit(patient)).code).toBe(0);
    const attached = machine.inTerminal(['attach', id]);
    await attached.waitForScreen((screen) => promptBox(screen) === '', patient);
    attached.key('ctrl-\\');
    expect(await attached.waitForExit()).toMatchObject({ code: 0 });
    for (const { id: one } of JSON.parse((await far('list', '--json')).stdout)) {
      expect(await far('stop', one, '--now')).toMatchObject({ code: 0 });
    }
  });

  it(`a token in the environment is handed to nothing that is started ${verifies('far-tokens')}`, async () => {
    const home = bed.home();
    const CLAUDEX_TOKEN = `cdxw_abcdefgh_${'t'.repeat(43)}`;
    const env = { CLAUDEX_CLAUDE_BIN: standIn(home.root), CLAUDEX_TOKEN };
    const web = await startWeb(home, { env });
    const token = await web.token('manage');
    // by the server, and by the daemon that it has started
    const started = await web.send('/api/v1/sessions', { token, body: { cwd: home.cwd, name: 'here' } });
    expect(started.status).toBe(201);
    const words = ['start', home.cwd, '--name', 'there'];
    expect(await runClaudex(words, { env: home.env(undefined, env), cwd: home.cwd })).toMatchObject({ code: 0 });
    expect(processesWithEnvironment([home.claudexHome]).length).toBeGreaterThan(4);
    expect(processesWithEnvironment([CLAUDEX_TOKEN])).toEqual([web.child.pid]);
  });

  it(`ask has its answer also where the server there ends meanwhile ${verifies('far-commands')}`, async () => {
    const [there, from] = [bed.home(), bed.home()];
    const env = { CLAUDEX_CLAUDE_BIN: standIn(there.root, { turns: [{ afterMs: 3000, says: 'at last' }] }) };
    const machine = await otherMachine(there, from, { env });
    expect(await machine.add('view', 'send', 'manage')).toMatchObject({ code: 0 });
    const far = (...words: string[]) => machine.here(['--host', 'devbox', ...words]);
    expect(await far('start', there.cwd, '--name', 'slow')).toMatchObject({ code: 0 });
    const asking = startClaudex(['--host', 'devbox', 'ask', 'slow', 'well?'], { env: machine.env, cwd: from.cwd });
    await asking.waitForScreen('working (delivered', patient);
    await machine.killServer();
    await machine.again();
    expect(await asking.waitForExit()).toMatchObject({ code: 0 });
    expect(asking.screen()).toMatch(/^at last$/m);
    expect(await far('stop', 'slow', '--now')).toMatchObject({ code: 0 });
  });

  it(`whoever falls behind over there is shown the screen as it is, not all that went by ${verifies('far-attach')}`, async () => {
    const [there, from] = [bed.home(), bed.home()];
    const { web, certificate } = await otherMachine(there, from, {
      env: { CLAUDEX_CLAUDE_BIN: fixture('flooding-claude.mjs') },
    });
    const token = await web.token('view', 'terminal', 'manage');
    const api = new FarApi({
      name: 'devbox',
      url: web.url,
      token,
      ca: readFileSync(certificate, 'utf8'),
      plainHttp: false,
    });
    const { session } = await api.ask<{ session: { id: string } }>('POST', '/sessions', { body: { cwd: there.cwd } });
    const screen = async () =>
      (await api.ask<{ text: string }>('GET', `/sessions/${session.id}/screen`).catch(() => ({ text: '' }))).text;
    await until(async () => (await screen()).includes('READY'), patient);
    const size = { cols: 80, rows: 24 };
    const viewer = await farViewer(api, session.id, { kind: 'terminal', readOnly: false, size });
    bed.defer(() => void viewer.destroy());
    const mirror = new ScreenMirror({ size, onAnswer: () => undefined });
    let snapshots = 0;
    onFrames(viewer, ({ kind, payload }) => {
      if (kind === frameKinds.snapshot) snapshots++;
      if (kind === frameKinds.snapshot || kind === frameKinds.output) mirror.write(payload);
    });
    await until(() => snapshots === 1, patient);
    viewer.pause();
    viewer.write(frame(frameKinds.input, 'f'));
    await until(async () => (await screen()).includes('FLOOD DONE'), patient);
    expect(viewer.readableLength).toBeLessThan(4 * 1024 * 1024);
    viewer.resume();
    await until(async () => {
      await new Promise<void>((resolve) => mirror.whenSettled(resolve));
      return mirror.text({ ansi: false }).trimEnd() === (await screen()).trimEnd();
    }, patient);
    expect(snapshots).toBeGreaterThan(1);
    viewer.write(frame(frameKinds.input, 'still here'));
    await until(async () => (await screen()).includes('typed "still here"'), patient);
    await api.ask('POST', `/sessions/${session.id}/stop?now=true`);
    await until(() => viewer.destroyed, patient);
  });
});
