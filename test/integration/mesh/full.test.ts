/** No more room: in the outbox, in the server's store, and where one machine floods. A real nats-server on loopback. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AckPolicy, DiscardPolicy, jetstream, jetstreamManager, RetentionPolicy } from '@nats-io/jetstream';
import { connect, nkeyAuthenticator } from '@nats-io/transport-node';
import { describe, expect, it } from 'vitest';
import { DaemonClient } from '../../../src/daemon-client/client.ts';
import { claudexPaths } from '../../../src/home/paths.ts';
import { publicHalf } from '../../../src/mesh/server-files.ts';
import { maxBodyBytes } from '../../../src/protocol/message.ts';
import { verifies } from '../../requirements.ts';
import type { HermeticHome } from '../../support/hermetic-home.ts';
import { asServerOwner, invite, natsServer, startBareServer, startMesh, untilSeen } from '../../support/mesh.ts';
import { processesWithEnvironment } from '../../support/processes.ts';
import { useTestBed } from '../../support/test-bed.ts';
import { marksIn, messageThere, runThere, startApi, twoMachines, untilState } from '../../support/two-machines.ts';
import { until } from '../../support/until.ts';

const status = async (home: HermeticHome) => JSON.parse((await runThere(home, 'mesh', 'status', '--json')).stdout);
const sent = async (home: HermeticHome, ...words: string[]): Promise<string> => {
  const { code, stdout, stderr } = await runThere(home, 'send', 'api@beta', ...words);
  expect([code, stderr]).toEqual([0, '']);
  return stdout.trim();
};

describe.runIf(natsServer !== undefined)('no more room', () => {
  const bed = useTestBed();

  it(`a machine that floods is refused by the server, is named, and harms nobody else ${verifies('mesh-sending', 'mesh-hostile')}`, async () => {
    const { alpha, beta, server } = await twoMachines(bed);
    await invite(alpha, 'gamma');
    const seed = await invite(alpha, 'mallory');
    const authenticator = nkeyAuthenticator(new TextEncoder().encode(seed));
    const nats = await connect({ servers: server.url, authenticator, inboxPrefix: '_INBOX.mallory' });
    const record = { id: 'x', version: '0.1.0', key: publicHalf(seed), sessions: [], moreSessions: 0 };
    nats.publish('$KV.claudex_machines.mallory', JSON.stringify(record));
    const flood = async (to: string, pieces: number, bytes: number): Promise<string[]> => {
      const refused: string[] = [];
      const piece = new Uint8Array(bytes);
      for (let at = 0; at < pieces; at++)
        await jetstream(nats)
          .publish(`claudex.mail.${to}.mallory`, piece)
          .catch((error: Error) => refused.push(error.message));
      return refused;
    };
    // one that never fetches it, in the largest pieces that there are; each mailbox takes so much of one machine
    const refused = await flood('gamma', 134, 1_000_000);
    expect(refused).toEqual(Array(6).fill('maximum messages per subject exceeded'));
    expect(await flood('nobody', 1, 1)).toEqual(['jetstream is not enabled']);
    // for one that is there, which reads it as fast as it may
    for (let at = 0; at < 1000; at++) nats.publish('claudex.mail.beta.mallory', 'x'.repeat(100));
    await nats.flush();
    const first = await sent(alpha, 'one');
    await untilState(alpha, first, 'answered');
    await until(() =>
      /"refused".*mallory.*not signed by mallory/.test(readFileSync(join(beta.claudexHome, 'logs/mesh.log'), 'utf8')),
    );
    // where the server runs
    const wrong = async (home: HermeticHome): Promise<string> => JSON.stringify((await status(home)).wrong);
    await until(async () =>
      /mallory has sent as much as a mailbox takes of one machine: to gamma\..*mesh revoke mallory/.test(
        await wrong(alpha),
      ),
    );
    await until(async () => (await wrong(beta)) === '[]');

    // who is let in no more keeps no room
    const owner = await asServerOwner(alpha, server.url, 'mailOwner');
    const { streams } = await jetstreamManager(owner);
    const held = async () => (await streams.info('CLAUDEX_MAIL_gamma')).state;
    expect(await held()).toMatchObject({ messages: 128 });
    expect((await held()).bytes).toBeLessThan(128 << 20);
    expect(await runThere(alpha, 'mesh', 'revoke', 'mallory')).toMatchObject({ code: 0 });
    expect(await held()).toMatchObject({ messages: 0, bytes: 0 });
    await expect(streams.info('CLAUDEX_MAIL_mallory')).rejects.toThrow('not found');
    await until(async () => (await wrong(alpha)) === '[]');
    await Promise.all([nats.close(), owner.close()]);
    await server.stop();
  });

  it(`an outbox that is full says so and goes on ${verifies('mesh-sending')}`, async () => {
    const { alpha, beta, server } = await twoMachines(bed);
    const first = await sent(alpha, 'one');
    await untilState(alpha, first, 'answered');
    await server.stop();
    await untilSeen(alpha, ({ connected }) => !connected);
    const client = new DaemonClient(claudexPaths(alpha.env()).socket);
    const second = await sent(alpha, 'two');
    const large = {
      target: 'api@beta',
      body: 'x'.repeat(maxBodyBytes),
      kind: 'task',
      when: 'idle',
      sender: { kind: 'user', label: 'test' },
    } as const;
    const filling = await Promise.all(Array.from({ length: 128 }, () => client.send(large)));
    const refused = await runThere(alpha, 'send', 'api@beta', 'three');
    expect(refused.code).toBe(3);
    expect(refused.stderr).toMatch(/129 messages wait for beta, 32 MiB\.[\s\S]*Fix: /);
    const full = await status(alpha);
    expect(full.mail).toMatchObject([{ machine: 'beta', waiting: 129, full: true, oldestAt: expect.any(Number) }]);
    expect(full.wrong).toContainEqual(
      expect.objectContaining({ what: expect.stringContaining('129 messages wait for beta') }),
    );
    expect((await runThere(alpha, 'mesh', 'status')).stdout).toContain('129 waiting, oldest ');
    for (const { id } of filling) await client.changeMessage(id, 'cancel');
    const third = await sent(alpha, 'three');
    const again = await startMesh(alpha, 'alpha', server.port);
    for (const id of [second, third]) await untilState(alpha, id, 'answered');
    expect(marksIn(beta)).toEqual([first, second, third]);
    expect((await status(alpha)).mail).toEqual([]);
    await again.stop();
  });

  it(`a store that is full: messages wait here, it is said, and they go on when there is room ${verifies('mesh-sending')}`, async () => {
    const [alpha, beta] = [bed.home({ cwdNames: ['web'] }), bed.home({ cwdNames: ['api'] })];
    const url = await startBareServer(['-js', '-sd', join(alpha.root, 'store')]);
    const nats = await connect({ servers: url });
    const { streams, consumers } = await jetstreamManager(nats);
    await streams.add({
      name: 'CLAUDEX_MAIL_beta',
      subjects: ['claudex.mail.beta.*'],
      retention: RetentionPolicy.Workqueue,
      discard: DiscardPolicy.New,
      max_bytes: 150_000,
    });
    await consumers.add('CLAUDEX_MAIL_beta', { durable_name: 'beta', ack_policy: AckPolicy.Explicit });
    for (const [home, name] of [[alpha, 'alpha'] as const, [beta, 'beta'] as const])
      expect(await runThere(home, 'mesh', 'join', url, '--as', name)).toMatchObject({ code: 0 });
    await startApi(alpha, beta);
    const all = (signal: NodeJS.Signals): void => {
      for (const pid of processesWithEnvironment([`CLAUDEX_HOME=${beta.claudexHome}`])) process.kill(pid, signal);
    };
    all('SIGSTOP');
    const body = 'y'.repeat(100_000);
    const ids = [await sent(alpha, body), await sent(alpha, body)];
    await until(async () => /maximum bytes exceeded/.test(`${(await messageThere(alpha, ids[1]!)).waitsFor}`));
    expect((await status(alpha)).wrong).toMatchObject([
      {
        what: expect.stringContaining('The server takes no mail for beta'),
        fix: expect.stringContaining('nothing is lost'),
      },
    ]);
    all('SIGCONT');
    for (const id of ids) await untilState(alpha, id, 'answered');
    expect(marksIn(beta)).toEqual(ids);
    expect(await status(alpha)).toMatchObject({ mail: [], wrong: [] });
    await nats.close();
  });
});
