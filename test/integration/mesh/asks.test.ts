/** Questions between machines: who may ask what, what comes back, and what is refused. */
import { copyFileSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { connect as connectSocket } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connect, type NatsConnection, nkeyAuthenticator } from '@nats-io/transport-node';
import { describe, expect, it } from 'vitest';
import { signEnvelope } from '../../../src/mesh/envelope.ts';
import { verifies } from '../../requirements.ts';
import { runClaudex } from '../../support/claudex.ts';
import type { HermeticHome } from '../../support/hermetic-home.ts';
import { asSpy, invite, joinWith, natsServer, type RunningMesh, startMesh, untilSeen } from '../../support/mesh.ts';
import { run } from '../../support/run-command.ts';
import { standIn } from '../../support/stand-in.ts';
import { useTestBed } from '../../support/test-bed.ts';
import { until } from '../../support/until.ts';

const fixtures = fileURLToPath(new URL('../../fixtures/transcripts/2.1.330', import.meta.url));
const talk = '11111111-1111-4111-8111-111111111111';

describe.runIf(natsServer !== undefined)('machines that ask each other', () => {
  const bed = useTestBed();

  interface Two {
    alpha: HermeticHome;
    beta: HermeticHome;
    server: RunningMesh;
    seed: string;
    /** `claudex` on alpha, and on beta. */
    here(...words: string[]): ReturnType<typeof runClaudex>;
    there(...words: string[]): ReturnType<typeof runClaudex>;
    /** What beta's bridge has refused. */
    refused(): Array<Record<string, unknown>>;
  }

  /** Alpha runs the server; beta, which has joined, has a conversation that has ended. */
  async function two(): Promise<Two> {
    const [alpha, beta] = [bed.home({ cwdNames: ['web'] }), bed.home({ cwdNames: ['api'] })];
    const server = await startMesh(alpha, 'alpha');
    const seed = await invite(alpha, 'beta');
    const folder = join(beta.home, '.claude', 'projects', '-work-project');
    mkdirSync(folder, { recursive: true });
    copyFileSync(join(fixtures, 'conversation.jsonl'), join(folder, `${talk}.jsonl`));
    expect(await joinWith(beta, server.url, 'beta', seed)).toMatchObject({ code: 0 });
    await untilSeen(alpha, ({ machines }) => machines[0]?.name === 'beta' && !machines[0].away);
    await untilSeen(beta, ({ machines }) => machines[0]?.name === 'alpha' && !machines[0].away);
    const env = beta.env(undefined, { CLAUDEX_CLAUDE_BIN: standIn(beta.root) });
    return {
      alpha,
      beta,
      server,
      seed,
      here: (...words) => runClaudex(words, { env: alpha.env(), cwd: alpha.cwd, timeoutMs: 60_000 }),
      there: (...words) => runClaudex(words, { env, cwd: beta.cwd, timeoutMs: 60_000 }),
      refused: () => logged(beta).filter(({ event }) => event === 'refused'),
    };
  }

  const logged = (home: HermeticHome): Array<Record<string, unknown>> =>
    readFileSync(join(home.claudexHome, 'logs', 'mesh.log'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));

  it(`reads, searches, looks and starts there as soon as that machine allows it, and not a moment longer ${verifies('mesh-asks', 'mesh-who-may')}`, async () => {
    const { beta, here, there, server } = await two();
    const told = (act: string) => ({
      code: 3,
      stderr: expect.stringContaining(`On beta: claudex config set mesh.${act} alpha`),
    });
    expect(await there('start', beta.dir('api'), '--name', 'api')).toMatchObject({ code: 0 });
    expect(await here('history', `${talk}@beta`)).toMatchObject(told('read'));
    expect(await here('search', '--machine', 'beta', '--all', 'first')).toMatchObject(told('read'));
    expect(await here('peek', 'api@beta')).toMatchObject(told('peek'));
    expect(await here('waiting', '--machine', 'beta')).toMatchObject(told('answer'));
    expect(await here('approve', 'q-aaaaaa@beta')).toMatchObject(told('answer'));
    expect(await here('start', `${beta.dir('api')}@beta`)).toMatchObject(told('start'));
    expect(await here('waiting', '--mesh')).toMatchObject({
      code: 0,
      stdout: 'Claude asks nothing.\n',
      stderr: 'Not told by beta (does not allow it).\n',
    });

    for (const act of ['read', 'peek', 'answer', 'start']) await there('config', 'set', `mesh.${act}`, 'ci,alpha');
    const turns = JSON.parse((await here('history', `${talk}@beta`, '-n', '2', '--json')).stdout);
    expect(turns).toEqual(JSON.parse((await there('history', talk, '-n', '2', '--json')).stdout));
    expect((await here('history', `${talk}@beta`, '--all')).stdout).toContain('> first question "quoted" ünï\n');
    expect((await here('show', `${talk}@beta`, '1')).stdout).toContain('first question');
    expect(await here('history', `${talk}@beta`, '--raw')).toMatchObject({ code: 3 });
    expect(await here('history', 'nobody@beta')).toMatchObject({ code: 3 });
    const hits = JSON.parse((await here('search', `${talk}@beta`, 'question', '--json')).stdout);
    expect(hits[0]).toMatchObject({ machine: 'beta', sessionId: talk });
    const everywhere = await here('search', '--all', '--mesh', 'first question');
    expect(everywhere).toMatchObject({ code: 0, stderr: '' });
    expect(everywhere.stdout).toMatch(/@beta {2}1{8}-/);
    expect(await here('waiting', '--machine', 'beta', '--json')).toMatchObject({ code: 0, stdout: '[]\n' });
    expect(await here('approve', 'q-aaaaaa@beta')).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('q-aaaaaa'),
    });
    expect((await here('peek', 'api@beta')).stdout).toContain('❯');
    const words = async (...typed: string[]) => (await here('completion', 'words', '--', ...typed)).stdout.split('\n');
    for (const command of ['peek', 'send', 'ask']) expect(await words(command, '')).toContain('api@beta');
    expect(await words('attach', '')).not.toContain('api@beta');
    const attach = await here('attach', 'api@beta');
    expect(attach).toMatchObject({ code: 2, stderr: expect.stringContaining('api@beta is a session of beta') });
    const unknown = await here('history', 'nobody@beta');
    expect(unknown).toMatchObject({ code: 3, stderr: expect.stringContaining('On beta: Asked for "nobody"') });
    expect(await words('waiting', '--machine', '')).toEqual(['beta', '']);
    expect(await words('mesh', 'trust', '')).toEqual(['beta', '']);

    // a session there by its folder, with its first task; claude's own arguments are for one's own machines
    const args = await here('start', `${beta.cwd}@beta`, '--', '--model', 'opus');
    expect(args).toMatchObject({ code: 3, stderr: expect.stringContaining('claudex mesh trust alpha') });
    const started = await here('start', `${beta.cwd}@beta`, '--name', 'far', '--task', 'hello there', '--json');
    expect(started).toMatchObject({ code: 0 });
    const { id } = JSON.parse(started.stdout);
    await until(async () => {
      const [message] = JSON.parse((await there('inbox', 'list', id, '--all', '--json')).stdout);
      return message?.sender.kind === 'peer' && message.sender.label === 'the machine alpha';
    });
    expect(await there('stop', 'far', '--now')).toMatchObject({ code: 0 });
    const all = async () => JSON.parse((await there('list', '--all', '--json')).stdout);
    await until(async () => (await all()).find((one: { id: string }) => one.id === id)?.state === 'stopped');
    expect(await here('start', 'far@beta')).toMatchObject({ code: 0, stdout: `${id}\n` });
    expect(await here('start', '/nowhere@beta')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('no such folder. On beta: Asked for /nowhere.'),
    });

    await there('config', 'set', 'mesh.read', 'ci');
    expect(await here('history', `${talk}@beta`)).toMatchObject(told('read'));
    await server.stop();
  });

  it(`what is forged, sent again, malformed, too large or too much is refused, named in the log, and harms nobody else ${verifies('mesh-hostile')}`, async () => {
    const { alpha, beta, here, server, seed } = await two();
    const gamma = bed.home();
    expect(await joinWith(gamma, server.url, 'gamma', await invite(alpha, 'gamma'))).toMatchObject({ code: 0 });
    await untilSeen(alpha, ({ machines }) => machines.length === 2);
    await untilSeen(gamma, ({ machines }) => machines[0]?.name === 'alpha' && !machines[0].away);
    const connection = await asMachine(server.url, 'beta', seed);
    const refusals = (from: string): unknown[] =>
      logged(alpha).flatMap(({ event, from: who, why }) => (event === 'refused' && who === from ? [why] : []));
    const refusedFor = (why: string): Promise<void> => until(() => refusals('beta').includes(why));
    const question = { id: 'one', from: 'beta', to: 'alpha', kind: 'ask', body: { method: 'GET', path: '/sessions' } };
    const say = (said: Partial<typeof question & { at: number }> = {}, key = seed): Uint8Array =>
      signEnvelope({ ...question, at: Date.now(), ...said }, key);
    const send = (bytes: Uint8Array, subject = 'claudex.ask.alpha.beta'): void =>
      connection.publish(subject, bytes, { reply: '_INBOX.beta.here' });

    // a stranger's subject: the server lets nobody speak, or listen, under another name
    const violations: string[] = [];
    void (async () => {
      for await (const { type, ...status } of connection.status())
        if (type === 'error') violations.push(String(JSON.stringify(status) + (status as { error?: Error }).error));
    })();
    send(say(), 'claudex.ask.alpha.gamma');
    const deaf = connection.subscribe('claudex.ask.alpha.*', { callback: () => undefined });
    await until(() => violations.filter((one) => /permission/i.test(one)).length >= 2);
    expect(deaf.isClosed()).toBe(true);

    send(say({}, 'SUAKYRHVIOREXV7EUZTBHUHL7NUMHPMAS7QMDU3GTIUWEI5LDNOXD43IZY'));
    await refusedFor('not signed by beta');
    send(say({ from: 'gamma' }));
    await refusedFor('signed for another way');
    send(say({ id: 'old', at: Date.now() - 600_000 }));
    await refusedFor('its time is off: too old, or a clock is wrong');
    connection.publish('claudex.ask.alpha.beta', say({ id: 'elsewhere' }), { reply: '_INBOX.gamma.here' });
    await refusedFor('its answer would go to somebody else');
    send(Buffer.from('{"v":1}'));
    await refusedFor('too short');
    send(Buffer.alloc(950 * 1024, 120));
    await refusedFor(`too large: ${950 * 1024} bytes`);
    send(say({ id: 'mail', kind: 'mail' }));
    await refusedFor('no question');
    const [asked, wrong] = [say({ id: 'twice' }), say({ id: 'wrong', body: { method: 'DELETE', path: 'x' } })];
    expect(
      (await connection.request('claudex.ask.alpha.beta', asked, { timeout: 10_000 })).data.length,
    ).toBeGreaterThan(64);
    send(asked);
    await refusedFor('it came before');
    expect((await connection.request('claudex.ask.alpha.beta', wrong, { timeout: 10_000 })).string()).toContain(
      'BAD_REQUEST',
    );

    // a machine that floods is not even refused; another one is answered meanwhile
    for (let count = 0; count < 3000; count++) send(Buffer.from('flood'));
    await connection.flush();
    const asker = await runClaudex(['peek', 'nobody@alpha'], { env: gamma.env(), cwd: gamma.cwd });
    expect(asker).toMatchObject({ code: 3, stderr: expect.stringContaining('No live session') });
    await refusedFor('too many');
    expect(refusals('gamma')).toEqual([]);
    expect(logged(alpha).length).toBeLessThan(60);

    // revoked: out at once, and nothing that it has said is taken any more
    const closed = connection.closed();
    expect(await here('mesh', 'revoke', 'beta')).toMatchObject({ code: 0 });
    await closed;
    await untilSeen(beta, ({ connected }) => !connected);
    const late = await runClaudex(['peek', 'nobody@alpha'], { env: beta.env(), cwd: beta.cwd });
    expect(late).toMatchObject({ code: 3, stderr: expect.stringContaining('does not answer') });
    await server.stop();
  });

  it(`a machine is trusted by its key, and not when it comes back with another one ${verifies('mesh-trust')}`, async () => {
    const { beta, here, there, server } = await two();
    const status = async (of: typeof here) => JSON.parse((await of('mesh', 'status', '--json')).stdout);
    const { fingerprint } = await status(here);
    expect(fingerprint).toMatch(/^([0-9A-F]{4}-){7}[0-9A-F]{4}$/);
    expect((await here('mesh', 'status')).stdout).toContain(`Its key: ${fingerprint}\n`);
    await there('config', 'set', 'mesh.read', 'trusted');
    expect(await here('history', `${talk}@beta`)).toMatchObject({ code: 3 });

    // nobody is trusted by a slip
    expect(await there('mesh', 'trust', 'alpha')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(fingerprint),
    });
    const other = fingerprint.replace(/^./, (first: string) => (first === '0' ? '1' : '0'));
    expect(await there('mesh', 'trust', 'alpha', '--fingerprint', other)).toMatchObject({ code: 3 });
    expect(await there('mesh', 'trust', 'gamma')).toMatchObject({ code: 3 });
    expect(await there('mesh', 'untrust', 'alpha')).toMatchObject({ code: 3 });
    const inside = beta.env(undefined, { CLAUDECODE: '1' });
    const bySession = await runClaudex(['mesh', 'trust', 'alpha', '--fingerprint', fingerprint], { env: inside });
    expect(bySession).toMatchObject({ code: 3, stderr: expect.stringContaining('A claude session may not') });
    expect(await here('history', `${talk}@beta`)).toMatchObject({ code: 3 });

    expect(await there('mesh', 'trust', 'alpha', '--fingerprint', fingerprint.toLowerCase())).toMatchObject({
      code: 0,
      stdout: `alpha is trusted. Its key: ${fingerprint}\n`,
    });
    expect((await status(there)).machines).toMatchObject([{ name: 'alpha', trust: 'trusted' }]);
    expect(await here('history', `${talk}@beta`, '--raw', '-n', '1')).toMatchObject({ code: 0 });

    // the name with another key: whoever has it now is not the machine that was trusted
    const pins = join(beta.claudexHome, 'mesh', 'trusted.json');
    const [, stranger] = readFileSync(pins, 'utf8').match(/"alpha": "(U[A-Z2-7]{55})"/)!;
    writeFileSync(pins, JSON.stringify({ alpha: `${stranger!.slice(0, -1)}${stranger!.endsWith('A') ? 'B' : 'A'}` }));
    expect(await here('history', `${talk}@beta`)).toMatchObject({ code: 3 });
    await there('config', 'set', 'mesh.read', 'alpha');
    expect(await here('history', `${talk}@beta`)).toMatchObject({ code: 3 });
    const said = await there('mesh', 'status');
    expect([said.code, said.stdout]).toEqual([3, expect.stringContaining('another key')]);
    expect(await there('peek', 'x@alpha')).toMatchObject({ code: 3, stderr: expect.stringContaining('another key') });
    expect(await there('mesh', 'trust', 'alpha', '--fingerprint', fingerprint)).toMatchObject({ code: 3 });
    expect(logged(beta)).toContainEqual(
      expect.objectContaining({ from: 'alpha', why: 'another key than the one that is trusted' }),
    );
    expect(await there('mesh', 'untrust', 'alpha')).toMatchObject({ code: 0 });
    expect(await here('history', `${talk}@beta`)).toMatchObject({ code: 0 });
    await server.stop();
  });

  it(`what is long comes in pages, whole; a machine that is away is not waited for ${verifies('mesh-asks')}`, async () => {
    const { beta, here, there, server } = await two();
    const long = '55555555-5555-4555-8555-555555555555';
    longConversation(join(beta.home, '.claude', 'projects', '-work-project', `${long}.jsonl`), long);
    await there('config', 'set', 'mesh.read', 'alpha');
    const turns = JSON.parse((await here('history', `${long}@beta`, '--all', '--json')).stdout);
    expect(turns.length).toBe(120);
    expect(turns).toEqual(JSON.parse((await there('history', long, '--all', '--json')).stdout));
    const hits = JSON.parse((await here('search', `${long}@beta`, 'needle', '--json')).stdout);
    expect(hits.map(({ turn }: { turn: number }) => turn)).toEqual(Array.from({ length: 120 }, (_, at) => at + 1));
    // one thing that is too long by itself is read there
    longConversation(join(beta.home, '.claude', 'projects', '-work-project', `${long}.jsonl`), long, 700_000);
    const tooLong = await here('show', `${long}@beta`, '-1');
    expect(tooLong).toMatchObject({ code: 3, stderr: expect.stringContaining('more than goes over the mesh') });

    const { pid } = JSON.parse(readFileSync(join(beta.claudexHome, 'mesh', 'bridge.lock'), 'utf8'));
    process.kill(pid, 'SIGTERM');
    await until(async () => (await here('history', `${talk}@beta`)).stderr.includes('beta is away since'));
    expect(await here('waiting', '--mesh')).toMatchObject({ code: 0, stderr: 'Not told by beta (away).\n' });
    await server.stop();
  });

  it(`a message of a trusted machine is the person’s own word, by the key that was pinned ${verifies('mesh-trust')}`, async () => {
    const { alpha, beta, here, there, server } = await two();
    await there('start', beta.dir('api'), '--name', 'api');
    await untilSeen(alpha, ({ machines }) => machines[0].sessions.length === 1);
    /** What beta knows of its sender, once it is there. */
    const sent = async (text: string) => {
      expect(await here('send', 'api@beta', text)).toMatchObject({ code: 0 });
      const come = async () =>
        JSON.parse((await there('inbox', 'list', '--all', '--json')).stdout).find(
          ({ body }: { body: string }) => body === text,
        );
      await until(async () => (await come()) !== undefined);
      return (await come()).sender;
    };
    expect(await sent('first')).toMatchObject({ kind: 'peer', label: expect.stringMatching(/^machine alpha: /) });
    const { fingerprint } = JSON.parse((await here('mesh', 'status', '--json')).stdout);
    expect(await there('mesh', 'trust', 'alpha', '--fingerprint', fingerprint)).toMatchObject({ code: 0 });
    expect(await sent('second')).toMatchObject({ kind: 'user', machine: 'alpha' });
    const pins = join(beta.claudexHome, 'mesh', 'trusted.json');
    writeFileSync(
      pins,
      readFileSync(pins, 'utf8').replace(/.(?="\s*\}$)/, (last) => (last === 'A' ? 'B' : 'A')),
    );
    expect(await sent('third')).toMatchObject({ kind: 'peer' });
    // by its name it is let send, but whoever has that name now has another key
    await there('config', 'set', 'mesh.send', 'alpha');
    const refused = JSON.parse((await here('send', 'api@beta', 'fourth', '--json')).stdout);
    const fate = async () => JSON.parse((await here('inbox', 'show', refused.id, '--json')).stdout);
    await until(async () => (await fate()).state === 'failed');
    expect((await fate()).reason).toContain('mesh.send');
    await server.stop();
  });

  it(`with mesh.encrypt the server’s owner reads nothing of what crosses it, and nothing comes in the clear ${verifies('mesh-encrypt')}`, async () => {
    const { alpha, here, there, server, seed, refused } = await two();
    await there('config', 'set', 'mesh.read', 'alpha');
    const spy = await asSpy(alpha, server.url);
    const heard: string[] = [];
    spy.subscribe('>', { callback: (_error, msg) => void heard.push(Buffer.from(msg.data).toString('latin1')) });
    await spy.flush();
    const asks = async () => {
      heard.length = 0;
      expect(await here('history', `${talk}@beta`, '-n', '3')).toMatchObject({ code: 0 });
      await spy.flush();
      return heard.filter((one) => /\/history|first question|"prompt"/.test(one)).length;
    };
    expect(await asks()).toBe(2);
    // an answer is encrypted as its question was
    await here('config', 'set', 'mesh.encrypt', 'true');
    expect(await asks()).toBe(0);
    expect(heard.filter((one) => one.includes('"sealed":"')).length).toBe(2);
    await there('config', 'set', 'mesh.encrypt', 'true');
    expect(await asks()).toBe(0);
    const connection = await asMachine(server.url, 'beta', seed);
    const plain = {
      id: 'p',
      from: 'beta',
      to: 'alpha',
      kind: 'ask',
      at: Date.now(),
      body: { method: 'GET', path: '/sessions' },
    };
    connection.publish('claudex.ask.alpha.beta', signEnvelope(plain, seed), { reply: '_INBOX.beta.here' });
    await until(() => logged(alpha).some(({ why }) => why === 'not encrypted, and mesh.encrypt is on here'));
    expect(refused()).toEqual([]);
    await Promise.all([spy.close(), connection.close()]);
    await server.stop();
  });

  it(`only a person’s command asks, by a socket that is this user’s alone ${verifies('mesh-asks')}`, async () => {
    const { alpha, here, server } = await two();
    const inside = { ...alpha.env(), CLAUDECODE: '1' };
    expect(await runClaudex(['peek', 'x@beta'], { env: inside, cwd: alpha.cwd })).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('claude session may'),
    });
    const path = join(alpha.claudexHome, 'mesh', 'asks.sock');
    expect((statSync(path).mode & 0o777).toString(8)).toBe('600');
    const talk = (text: string): Promise<string> =>
      new Promise((resolve, reject) => {
        const socket = connectSocket({ path, allowHalfOpen: true });
        let answer = '';
        socket.on('data', (chunk) => {
          answer += chunk;
        });
        socket.once('end', () => resolve(answer)).once('error', reject);
        socket.end(text);
      });
    // past the command: what runs below a claude is refused by the socket itself
    const program = `const s = require('net').connect({ path: ${JSON.stringify(path)}, allowHalfOpen: true });
      s.pipe(process.stdout); s.end(JSON.stringify({ machine: 'beta', ask: { method: 'GET', path: '/sessions' } }));`;
    const below = (env: Record<string, string>) => run(process.execPath, ['-e', program], { env });
    expect(JSON.parse((await below(inside)).stdout).error.code).toBe('NOT_BY_A_SESSION');
    expect(JSON.parse((await below(alpha.env())).stdout)).toEqual({ body: { sessions: [] } });
    for (const nonsense of [
      '',
      'x',
      '[]',
      '{"machine":"../x"}',
      '{"machine":"beta","ask":{"method":"PUT","path":"/"}}',
    ])
      expect(JSON.parse(await talk(nonsense)).error.code).toBe('BAD_REQUEST');
    expect((await here('peek', 'x@gamma')).stderr).toContain('No live session');
    await server.stop();
  });
});

/** A line to the server as that machine, past its bridge. */
function asMachine(url: string, name: string, seed: string): Promise<NatsConnection> {
  return connect({
    servers: url,
    authenticator: nkeyAuthenticator(new TextEncoder().encode(seed)),
    inboxPrefix: `_INBOX.${name}`,
    reconnect: false,
  });
}

/** 120 turns, some 12 kB each: more than three pages; the last answer as long as that. */
function longConversation(path: string, sessionId: string, lastChars = 12_000): void {
  const lines = Array.from({ length: 120 }, (_, at) => {
    const [user, answer] = [
      `aaaaaaaa-0000-4000-8000-${String(at).padStart(12, '0')}`,
      `bbbbbbbb-0000-4000-8000-${String(at).padStart(12, '0')}`,
    ];
    const common = { isSidechain: false, sessionId, cwd: '/work/project', version: '2.1.330', userType: 'external' };
    const text = `needle ${at} ${'word '.repeat((at === 119 ? lastChars : 12_000) / 5)}`;
    const timestamp = new Date(1_750_000_000_000 + at * 1000).toISOString();
    const said = { role: 'user', content: `question ${at}` };
    const answered = {
      id: `m${at}`,
      role: 'assistant',
      type: 'message',
      content: [{ type: 'text', text }],
      stop_reason: 'end_turn',
    };
    return [
      {
        ...common,
        type: 'user',
        parentUuid: null,
        promptId: user,
        uuid: user,
        timestamp,
        origin: { kind: 'human' },
        message: said,
      },
      { ...common, type: 'assistant', parentUuid: user, uuid: answer, timestamp, message: answered },
    ].map((one) => JSON.stringify(one));
  });
  writeFileSync(path, `${lines.flat().join('\n')}\n`);
}
