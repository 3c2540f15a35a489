/** Machines in homes of their own, a real nats-server on loopback. */
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import { connect, type NatsConnection, nkeyAuthenticator } from '@nats-io/transport-node';
import { describe, expect, it } from 'vitest';
import { joinMesh } from '../../../src/mesh/join.ts';
import { newKey } from '../../../src/mesh/server-files.ts';
import { systemClock } from '../../../src/process/clock.ts';
import { verifies } from '../../requirements.ts';
import { repositoryRoot, runClaudex } from '../../support/claudex.ts';
import type { HermeticHome } from '../../support/hermetic-home.ts';
import {
  asServerOwner,
  freePort,
  invite,
  joinWith,
  natsServer,
  startBareServer,
  startMesh,
  untilSeen,
} from '../../support/mesh.ts';
import { isAlive } from '../../support/processes.ts';
import { withStandIn } from '../../support/stand-in.ts';
import { useTestBed } from '../../support/test-bed.ts';
import { until } from '../../support/until.ts';

const joinedFile = (home: HermeticHome): string => join(home.claudexHome, 'mesh', 'joined.json');
const list = async (home: HermeticHome, ...words: string[]) =>
  JSON.parse((await runClaudex(['list', '--json', ...words], { env: home.env() })).stdout);

/** `claudex mesh` there, and what it printed. */
const mesh = (home: HermeticHome, ...words: string[]) => runClaudex(['mesh', ...words], { env: home.env() });

/**
 * JetStream answers wherever a request says, with what its sender has stored, and consumers deliver where they are told to: nothing of
 * that may reach another machine's record or mailbox, or JetStream's own interface.
 */
async function expectNothingWrittenByJetStream(host: HermeticHome, url: string, gamma: NatsConnection): Promise<void> {
  const owners = await Promise.all([asServerOwner(host, url, 'owner'), asServerOwner(host, url, 'mailOwner')]);
  const [bucket, mail] = await Promise.all(owners.map(async (one) => (await jetstreamManager(one)).streams));
  const targets = [
    '$KV.claudex_machines.beta',
    'claudex.mail.alpha.beta',
    'claudex.mail.beta.alpha',
    '$JS.API.STREAM.DELETE.KV_claudex_machines',
    '$JS.API.STREAM.DELETE.CLAUDEX_MAIL_beta',
    '$JS.API.STREAM.PURGE.CLAUDEX_MAIL_beta',
  ];
  const { seq } = await (await new Kvm(gamma).open('claudex_machines'))
    .get('beta')
    .then((one) => ({ seq: one!.revision }));
  // empty, as a request to delete a stream is
  await gamma.request('$KV.claudex_machines.gamma.beat', '');
  await gamma.request('claudex.mail.gamma.gamma', '');
  const get = '$JS.API.DIRECT.GET.KV_claudex_machines.$KV.claudex_machines.gamma.beat';
  for (const [at, target] of targets.entries()) {
    gamma.publish(get, '', { reply: target });
    gamma.publish('$JS.API.CONSUMER.MSG.NEXT.CLAUDEX_MAIL_gamma.gamma', '', { reply: target });
    const config = { name: `x${at}`, deliver_subject: target, filter_subject: '$KV.claudex_machines.gamma.beat' };
    const consumer = { ...config, deliver_policy: 'all', ack_policy: 'none', inactive_threshold: 60e9 };
    const making = `$JS.API.CONSUMER.CREATE.KV_claudex_machines.x${at}.$KV.claudex_machines.gamma.beat`;
    await gamma.request(making, JSON.stringify({ stream_name: 'KV_claudex_machines', config: consumer }));
  }
  // JetStream has done all that when it has done this, and once more behind what that has made it do
  for (let turn = 0; turn < 2; turn++) {
    await gamma.request('$KV.claudex_machines.gamma.beat', '');
    await gamma.request(get, '');
  }
  const { state } = await bucket!.info('KV_claudex_machines', { subjects_filter: '$KV.claudex_machines.beta' });
  expect(state.subjects).toEqual({ '$KV.claudex_machines.beta': 1 });
  expect((await new Kvm(gamma).open('claudex_machines').then((one) => one.get('beta')))?.revision).toBe(seq);
  for (const name of ['alpha', 'beta'])
    expect((await mail!.info(`CLAUDEX_MAIL_${name}`)).state).toMatchObject({ messages: 0, last_seq: 0 });
  await Promise.all(owners.map((one) => one.close()));
}

// `npm test` ends with a line that says how to get nats-server where it is missing
describe.runIf(natsServer !== undefined)('many machines', () => {
  const bed = useTestBed();

  it(`two machines see each other’s sessions; one that is away stays in the list ${verifies('mesh-seeing', 'mesh-server')}`, async () => {
    const [alpha, beta] = [bed.home({ cwdNames: ['web'] }), bed.home({ cwdNames: ['api'] })];
    const server = await startMesh(alpha, 'alpha');
    const seed = await invite(alpha, 'beta');
    expect(await joinWith(beta, server.url, 'beta', seed)).toMatchObject({ code: 0, stderr: '' });
    const env = withStandIn(beta);
    expect(await runClaudex(['start', beta.dir('api'), '--name', 'api'], { env })).toMatchObject({ code: 0 });
    await untilSeen(alpha, ({ machines }) => machines[0]?.sessions.length === 1 && !machines[0].away);
    const [session] = await list(beta, '--local');
    expect(await list(alpha)).toMatchObject([{ id: session.id, machine: 'beta', away: false, cwd: session.cwd }]);
    expect(await list(alpha, '--local')).toEqual([]);
    expect(await list(alpha, '--machine', 'alpha')).toEqual([]);
    expect(await list(alpha, '--machine', 'beta')).toMatchObject([{ id: session.id }]);
    const table = await runClaudex(['list'], { env: alpha.env() });
    expect(table.stdout).toContain(`api@beta`);
    expect(await runClaudex(['list', '--machine', 'gamma'], { env: alpha.env() })).toMatchObject({ code: 3 });
    const status = JSON.parse((await mesh(beta, 'status', '--json')).stdout);
    expect(status).toMatchObject({
      joined: true,
      name: 'beta',
      bridge: true,
      wrong: [],
      machines: [{ name: 'alpha' }],
    });

    // its bridge says that it goes; the daemon, which would start another one, is held meanwhile
    const pidIn = (...path: string[]): number => JSON.parse(readFileSync(join(beta.claudexHome, ...path), 'utf8')).pid;
    const [daemon, bridge] = [pidIn('daemon.lock'), pidIn('mesh', 'bridge.lock')];
    process.kill(daemon, 'SIGSTOP');
    process.kill(bridge, 'SIGTERM');
    await until(() => !isAlive(bridge));
    await untilSeen(alpha, ({ machines }) => machines[0].away);
    expect(await list(alpha)).toMatchObject([{ id: session.id, machine: 'beta', away: true }]);
    expect((await runClaudex(['list'], { env: alpha.env() })).stdout).toContain('away (');
    process.kill(daemon, 'SIGCONT');
    await untilSeen(alpha, ({ machines }) => !machines[0].away);
    expect(pidIn('mesh', 'bridge.lock')).not.toBe(bridge);

    // the server goes and comes back on what it has kept
    await server.stop();
    await untilSeen(alpha, ({ connected }) => !connected);
    const again = await startMesh(alpha, 'alpha', server.port);
    await untilSeen(alpha, ({ connected, machines }) => connected && machines[0]?.name === 'beta');

    expect(await mesh(beta, 'leave')).toMatchObject({ code: 0, stderr: '' });
    await untilSeen(alpha, ({ machines }) => machines.length === 0);
    expect(readdirSync(join(beta.claudexHome, 'mesh'))).toEqual([]);
    await again.stop();
  });

  it(`a machine whose clock was set back finds the server again ${verifies('mesh-seeing')}`, async () => {
    const [alpha, beta] = [bed.home(), bed.home()];
    const server = await startMesh(alpha, 'alpha');
    const clock = join(beta.root, 'clock');
    const skew = join(repositoryRoot, 'bench', 'chaos', 'clock-skew.mjs');
    const env = beta.env(undefined, { NODE_OPTIONS: `--import=file://${skew}`, CHAOS_CLOCK: clock });
    expect(await joinWith(beta, server.url, 'beta', await invite(alpha, 'beta'), env)).toMatchObject({ code: 0 });
    await untilSeen(beta, ({ connected }) => connected);
    writeFileSync(clock, '-3600000');
    await server.stop();
    await untilSeen(beta, ({ connected }) => !connected);
    const again = await startMesh(alpha, 'alpha', server.port);
    await untilSeen(beta, ({ connected }) => connected);
    await again.stop();
  });

  it(`a machine joins whole or not at all ${verifies('mesh-join')}`, async () => {
    const [alpha, beta, gamma] = [bed.home(), bed.home(), bed.home()];
    const server = await startMesh(alpha, 'alpha');
    const seed = await invite(alpha, 'beta');
    const stranger = 'SUAKYRHVIOREXV7EUZTBHUHL7NUMHPMAS7QMDU3GTIUWEI5LDNOXD43IZY';
    const dead = `nats://127.0.0.1:${await freePort()}`;
    const withoutJetStream = await startBareServer([]);
    const refused: Array<[string, string, string, string]> = [
      [dead, 'beta', seed, 'does not answer'],
      [server.url, 'beta', stranger, 'does not let this machine in'],
      [server.url, 'gamma', seed, 'does not let this machine in'],
      [server.url, 'alpha', seed, 'does not let this machine in'],
      [withoutJetStream, 'beta', seed, 'has no JetStream'],
      ['http://127.0.0.1', 'beta', seed, 'nats://host:port'],
      [server.url, 'Beta!', seed, "A machine's name"],
      [server.url, 'beta', 'nonsense', 'no seed of a user’s NKEY'],
    ];
    for (const [url, name, key, words] of refused) {
      const { code, stdout, stderr } = await joinWith(beta, url, name, key);
      expect([url, name, stdout, existsSync(joinedFile(beta))]).toEqual([url, name, '', false]);
      expect(stderr).toContain(words);
      expect(stderr).toContain('Fix: ');
      expect([2, 3]).toContain(code);
    }
    const hourOff = { ...systemClock, timeOfDay: () => systemClock.timeOfDay() - 3_600_000 };
    const access = { name: 'beta', url: server.url, nkey: seed };
    await expect(joinMesh(beta.env(), access, hourOff)).rejects.toThrow('60 minutes behind the server’s');
    expect(existsSync(joinedFile(beta))).toBe(false);

    // none of that has taken the name
    expect(await joinWith(beta, server.url, 'beta', seed)).toMatchObject({ code: 0 });
    expect((statSync(joinedFile(beta)).mode & 0o777).toString(8)).toBe('600');
    expect((await joinWith(beta, server.url, 'beta', seed)).stderr).toContain('in a mesh already');
    expect((await joinWith(gamma, server.url, 'beta', seed)).stderr).toContain(
      'Another machine of the mesh has that name',
    );
    expect(existsSync(joinedFile(gamma))).toBe(false);
    expect((await mesh(alpha, 'invite', 'beta')).stderr).toContain('Another machine of the mesh has that name');
    await server.stop();
  });

  it(`a server of one’s own, by the NATS command line’s context ${verifies('mesh-join')}`, async () => {
    const home = bed.home();
    const url = await startBareServer(['-js', '-sd', join(home.root, 'store')]);
    const folder = join(home.home, '.config', 'nats', 'context');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'mine.json'), JSON.stringify({ url, description: 'x' }));
    writeFileSync(join(folder, 'other.json'), JSON.stringify({ url, user: 'me', password: 'x' }));
    expect((await mesh(home, 'join', '--context', 'other')).stderr).toContain('needs user, password');
    expect(await mesh(home, 'join', '--context', 'mine', '--as', 'solo')).toMatchObject({ code: 0 });
    await untilSeen(home, ({ connected, machines }) => connected && machines.length === 0);
    expect(await mesh(home, 'status')).toMatchObject({ code: 0 });
    expect(await mesh(home, 'leave')).toMatchObject({ code: 0 });
  });

  it(`status says where mesh.agents offers nothing: with mesh.encrypt, and where the server refuses ${verifies('mesh-agents')}`, async () => {
    const home = bed.home();
    const { seed, publicKey } = newKey();
    const config = join(home.root, 'nats.json');
    const permissions = { publish: '>', subscribe: { allow: '>', deny: 'agents.prompt.>' } };
    const authorization = { users: [{ nkey: publicKey, permissions }] };
    writeFileSync(config, JSON.stringify({ jetstream: { store_dir: join(home.root, 'store') }, authorization }));
    const url = await startBareServer(['-c', config]);
    const set = (name: string, value: string) => runClaudex(['config', 'set', name, value], { env: home.env() });
    const wrong = async () => JSON.parse((await mesh(home, 'status', '--json')).stdout).wrong;
    for (const name of ['mesh.agents', 'mesh.encrypt']) expect(await set(name, 'on')).toMatchObject({ code: 0 });
    expect(await joinWith(home, url, 'solo', seed)).toMatchObject({ code: 0 });
    await untilSeen(home, ({ connected }) => connected);
    expect(await wrong()).toMatchObject([{ what: expect.stringContaining('because mesh.encrypt is on') }]);
    expect(await mesh(home, 'leave')).toMatchObject({ code: 0 });
    expect(await set('mesh.encrypt', 'off')).toMatchObject({ code: 0 });
    expect(await joinWith(home, url, 'solo', seed)).toMatchObject({ code: 0 });
    await untilSeen(home, ({ agentsTrouble }) => agentsTrouble);
    expect(await wrong()).toMatchObject([
      { what: expect.stringContaining('agents.prompt.cc.solo.*'), fix: expect.stringContaining('docs/mesh.md') },
    ]);
    expect(await mesh(home, 'leave')).toMatchObject({ code: 0 });
  });

  it(`a machine writes under its own name alone; one that is revoked is out at once ${verifies('mesh-server', 'mesh-hostile')}`, async () => {
    const [alpha, beta] = [bed.home(), bed.home()];
    const server = await startMesh(alpha, 'alpha');
    const seed = await invite(alpha, 'beta');
    expect(await joinWith(beta, server.url, 'beta', seed)).toMatchObject({ code: 0 });
    await untilSeen(alpha, ({ machines }) => machines.length === 1);
    // no bridge writes under the name of this one
    const stranger = await invite(alpha, 'gamma');
    const connection = await connect({
      servers: server.url,
      authenticator: nkeyAuthenticator(new TextEncoder().encode(stranger)),
      inboxPrefix: '_INBOX.gamma',
      reconnect: false,
    });
    const closed = connection.closed();
    const machines = await new Kvm(connection).open('claudex_machines');
    await expect(machines.put('alpha', 'forged')).rejects.toThrow(/permission/i);
    await expect(machines.put('alpha.beat', 'bye')).rejects.toThrow(/permission/i);
    await expect(machines.destroy()).rejects.toThrow(/permission/i);
    const refusal = await new Promise((resolve) =>
      connection.subscribe('_INBOX.alpha.>', { callback: (error) => resolve(error) }),
    );
    expect(String(refusal)).toMatch(/permission/i);
    // a question to itself, or to a friend, with somebody else's subject for its answer gives no right to write there
    const own = connection.subscribe('claudex.ask.gamma.*', { max: 1 });
    connection.publish('claudex.ask.gamma.gamma', '', { reply: '$KV.claudex_machines.alpha' });
    for await (const asked of own) asked.respond('forged');
    await connection.flush();
    expect((await machines.get('alpha'))?.string()).not.toBe('forged');
    await expectNothingWrittenByJetStream(alpha, server.url, connection);
    // what it may write is not believed in its form
    await machines.put(
      'gamma',
      '{"id":"x","sessions":[{"id":"\\u001b[2J"},{"id":"ok","state":"idle","name":"a\\u001b[2J\\nb"}]}',
    );
    await untilSeen(alpha, (seen) => seen.machines[1]?.sessions[0]?.name === 'a b');
    expect((await mesh(alpha, 'revoke', 'gamma')).stdout).toBe('gamma is let in no more.\n');
    await closed;
    await untilSeen(alpha, (seen) => seen.machines.length === 1);
    expect((await mesh(alpha, 'revoke', 'beta')).stdout).toBe('beta is let in no more.\n');
    await untilSeen(alpha, (seen) => seen.machines.length === 0);
    expect((await mesh(beta, 'status')).stdout).toContain('does not let this machine in');
    expect(await mesh(alpha, 'revoke', 'beta')).toMatchObject({ code: 3 });
    await server.stop();
  });

  it(`who writes over another machine’s record, as the server’s owner can, speaks for nobody ${verifies('mesh-known-keys')}`, async () => {
    const [alpha, beta] = [bed.home(), bed.home()];
    const server = await startMesh(alpha, 'alpha');
    expect(await joinWith(beta, server.url, 'beta', await invite(alpha, 'beta'))).toMatchObject({ code: 0 });
    await untilSeen(alpha, ({ machines }) => machines[0]?.name === 'beta' && machines[0].key !== '');
    const owner = await asServerOwner(alpha, server.url, 'owner');
    const record = { id: 'x', version: '0.1.0', key: newKey().publicKey, sessions: [], moreSessions: 0 };
    await untilSeen(alpha, (seen) => {
      // again where beta's own word has come after it
      owner.publish('$KV.claudex_machines.beta', JSON.stringify(record));
      return seen.machines.find((one: { name: string }) => one.name === 'beta').hasOtherKey;
    });
    await owner.close();
    const status = await mesh(alpha, 'status');
    expect([status.code, status.stdout]).toEqual([3, expect.stringContaining('another key than before')]);
    const asking = await runClaudex(['history', 'x@beta'], { env: alpha.env() });
    expect(asking).toMatchObject({ code: 3, stderr: expect.stringContaining('another key than before') });
    // a person who has compared it takes it back
    expect(await mesh(alpha, 'untrust', 'beta')).toMatchObject({ code: 0, stdout: 'The key of beta is forgotten.\n' });
    await untilSeen(alpha, (seen) => !seen.machines.some((one: { hasOtherKey: boolean }) => one.hasOtherKey));
    await server.stop();
  });

  it(`invitations at once are each kept; a name that was revoked while the server was down is free again; an older server is started anew ${verifies('mesh-server')}`, async () => {
    const [alpha, beta, gamma] = [bed.home(), bed.home(), bed.home()];
    const server = await startMesh(alpha, 'alpha');
    const seeds = await Promise.all(['beta', 'gamma', 'delta'].map((name) => invite(alpha, name)));
    expect(await joinWith(beta, server.url, 'beta', seeds[0]!)).toMatchObject({ code: 0 });
    expect(await joinWith(gamma, server.url, 'gamma', seeds[1]!)).toMatchObject({ code: 0 });
    await server.stop();
    expect(await mesh(alpha, 'revoke', 'gamma')).toMatchObject({ code: 0 });
    const again = await startMesh(alpha, 'alpha', server.port);
    expect(await mesh(gamma, 'leave')).toMatchObject({ code: 0 });
    const seed = await invite(alpha, 'gamma');
    expect(await joinWith(gamma, again.url, 'gamma', seed)).toMatchObject({ code: 0, stderr: '' });
    // what an older claudex has left: no key for mailboxes, everything in the account without a name
    const folder = join(alpha.claudexHome, 'mesh', 'server');
    const { mailOwner, ...older } = JSON.parse(readFileSync(join(folder, 'server.json'), 'utf8'));
    writeFileSync(join(folder, 'server.json'), JSON.stringify(older));
    expect((await mesh(alpha, 'invite', 'epsilon')).stderr).toContain('started by an older version of claudex');
    await again.stop();
    mkdirSync(join(folder, 'store', 'jetstream', '$G', 'streams'), { recursive: true });
    const anew = await startMesh(alpha, 'alpha', server.port);
    await untilSeen(alpha, ({ connected, machines }) => connected && machines.length === 2);
    await until(async () => (await mesh(gamma, 'status')).code === 0);
    expect(readdirSync(join(folder, 'store', 'jetstream')).sort()).toEqual(['BUCKET', 'MAIL']);
    await anew.stop();
  });
});

describe(`a machine in no mesh ${verifies('mesh-not-joined')}`, () => {
  const bed = useTestBed();

  it('loads nothing and starts nothing for it', async () => {
    const home = bed.home();
    const env = home.env();
    expect(await list(home)).toEqual([]);
    expect(existsSync(join(home.claudexHome, 'mesh'))).toBe(false);
    expect((await runClaudex(['mesh', 'status'], { env })).stdout).toContain('in no mesh');
    expect(await runClaudex(['mesh', 'leave'], { env })).toMatchObject({ code: 3 });
    expect(await runClaudex(['list', '--machine', 'x'], { env })).toMatchObject({ code: 3 });
    for (const file of ['cli/main.cjs', 'cli/program.cjs'])
      expect(readFileSync(join(repositoryRoot, 'dist', 'src', file), 'utf8')).not.toContain('nats-core');
  });
});
