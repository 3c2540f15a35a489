/** Messages from one machine to another: two homes, a real nats-server on loopback, the stand-in for claude. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect, nkeyAuthenticator } from '@nats-io/transport-node';
import { describe, expect, it } from 'vitest';
import { signEnvelope } from '../../../src/mesh/envelope.ts';
import { newKey } from '../../../src/mesh/server-files.ts';
import type { Message } from '../../../src/protocol/message.ts';
import { verifies } from '../../requirements.ts';
import { runClaudex } from '../../support/claudex.ts';
import type { HermeticHome } from '../../support/hermetic-home.ts';
import { invite, joinWith, natsServer, type RunningMesh, startMesh, untilSeen } from '../../support/mesh.ts';
import { processesWithEnvironment } from '../../support/processes.ts';
import { transcriptRecords } from '../../support/real-claude.ts';
import { withStandIn } from '../../support/stand-in.ts';
import { useTestBed } from '../../support/test-bed.ts';
import { until } from '../../support/until.ts';

const run = (home: HermeticHome, ...words: string[]) =>
  runClaudex(words, { cwd: home.root, env: withStandIn(home), timeoutMs: 60_000 });
const message = async (home: HermeticHome, id: string): Promise<Message> =>
  JSON.parse((await run(home, 'inbox', 'show', id, '--json')).stdout);
const untilState = async (home: HermeticHome, id: string, state: string): Promise<Message> => {
  let last: Message | undefined;
  await until(async () => {
    last = await message(home, id);
    return last.state === state;
  });
  return last!;
};

/** The ids of the messages that reached a conversation there, in order, each as often as it did. */
function marksIn(home: HermeticHome): string[] {
  return transcriptRecords(home)
    .filter((record) => record.type === 'user' || record.attachment?.type === 'hook_additional_context')
    .flatMap((record) => [...JSON.stringify(record).matchAll(/\[claudex (m\w{15}) from/g)].map(([, id]) => id!));
}

describe.runIf(natsServer !== undefined)('sending to another machine', () => {
  const bed = useTestBed();

  /** alpha runs the server; beta has a session `api`. */
  async function twoMachines(): Promise<{ alpha: HermeticHome; beta: HermeticHome; server: RunningMesh }> {
    const [alpha, beta] = [bed.home({ cwdNames: ['web'] }), bed.home({ cwdNames: ['api'] })];
    const server = await startMesh(alpha, 'alpha');
    expect(await joinWith(beta, server.url, 'beta', await invite(alpha, 'beta'))).toMatchObject({
      code: 0,
      stderr: '',
    });
    expect(await run(beta, 'start', beta.dir('api'), '--name', 'api')).toMatchObject({ code: 0 });
    await untilSeen(alpha, ({ machines }) => machines[0]?.sessions[0]?.state === 'idle' && !machines[0].away);
    return { alpha, beta, server };
  }

  it(`is proved and answered as in one home, and comes from a peer ${verifies('mesh-sending')}`, async () => {
    const { alpha, beta } = await twoMachines();
    const asked = await run(alpha, 'ask', 'api@beta', 'how are you?');
    expect(asked).toMatchObject({ code: 0 });
    expect(asked.stdout).not.toBe('');
    const sent = await run(alpha, 'send', 'api@beta', 'and now?');
    expect(sent).toMatchObject({ code: 0, stderr: '' });
    const id = sent.stdout.trim();
    const answered = await untilState(alpha, id, 'answered');
    expect(answered).toMatchObject({ recipient: { machine: 'beta', name: 'api', target: 'api' } });
    expect(answered.history.map(({ state }) => state).slice(0, 3)).toEqual(['queued', 'sent', 'arrived']);
    const there = await message(beta, id);
    expect(there).toMatchObject({
      state: 'answered',
      answer: answered.answer,
      sender: { kind: 'peer', machine: 'alpha' },
    });
    expect(there.sender.label).toMatch(/^machine alpha: the user’s shell/);
    expect(marksIn(beta).filter((one) => one === id)).toEqual([id]);
  });

  it(`says what is wrong: no such machine, nobody called so there, a machine in no mesh ${verifies('mesh-sending')}`, async () => {
    const { alpha, beta } = await twoMachines();
    const gamma = await run(alpha, 'send', 'api@gamma', 'x');
    expect(gamma).toMatchObject({ code: 3 });
    expect(gamma.stderr).toContain('Asked for gamma; machines: beta.');
    const nobody = await run(alpha, 'ask', 'nobody@beta', 'x');
    expect(nobody.code).toBe(5);
    expect(nobody.stderr).toMatch(/beta: .*Asked for "nobody"/);
    const stranger = bed.home();
    expect((await run(stranger, 'send', 'api@beta', 'x')).stderr).toContain('claudex mesh join');
    expect(await run(beta, 'send', 'api@beta', 'x')).toMatchObject({ code: 3 });
  });

  it(`what lies in front of a machine that slept, came twice, or was forged ${verifies('mesh-sending', 'mesh-hostile')}`, async () => {
    const { alpha, beta, server } = await twoMachines();
    const { owner } = JSON.parse(readFileSync(join(alpha.claudexHome, 'mesh', 'server', 'server.json'), 'utf8'));
    const authenticator = nkeyAuthenticator(new TextEncoder().encode(owner));
    const nats = await connect({ servers: server.url, authenticator });
    const copies: Uint8Array[] = [];
    nats.subscribe('claudex.mail.beta.alpha', { callback: (_error, { data }) => void copies.push(data) });
    await nats.flush();
    const all = (signal: NodeJS.Signals): void => {
      for (const pid of processesWithEnvironment([`CLAUDEX_HOME=${beta.claudexHome}`])) process.kill(pid, signal);
    };
    all('SIGSTOP');
    const sent = async (...words: string[]): Promise<string> =>
      (await run(alpha, 'send', 'api@beta', ...words)).stdout.trim();
    const [first, takenBack, late, last] = [
      await sent('one'),
      await sent('two'),
      await sent('three', '--expires', '3s'),
      await sent('four'),
    ];
    expect(await untilState(alpha, first, 'sent')).toMatchObject({ waitsFor: expect.stringContaining('beta') });
    await untilState(alpha, takenBack, 'sent');
    expect((await run(alpha, 'inbox', 'cancel', takenBack)).stdout).toContain('to be taken back');
    // or more: what is not confirmed goes out again
    await until(() => copies.length >= 5);
    const { expiresAt } = await message(alpha, late);
    await until(() => Date.now() > expiresAt!);
    all('SIGCONT');
    for (const id of [first, last]) await untilState(alpha, id, 'answered');
    await untilState(alpha, takenBack, 'cancelled');
    await untilState(alpha, late, 'expired');
    expect(marksIn(beta)).toEqual([first, last]);

    // whoever owns the server sends it all again, and something of their own
    for (const bytes of [...copies]) nats.publish('claudex.mail.beta.alpha', bytes);
    const { seed } = newKey();
    const forged = { id: 'f', from: 'alpha', to: 'beta', kind: 'states', at: Date.now(), body: { words: [] } };
    nats.publish('claudex.mail.beta.alpha', signEnvelope(forged, seed));
    await until(() => readFileSync(join(beta.claudexHome, 'logs', 'mesh.log'), 'utf8').includes('not signed by alpha'));
    const next = await sent('five');
    await untilState(alpha, next, 'answered');
    expect(marksIn(beta)).toEqual([first, last, next]);

    // one that nobody there takes goes elsewhere by a person's word
    const failed = await run(alpha, 'send', 'nobody@beta', 'six', '--json');
    const { id } = JSON.parse(failed.stdout);
    await untilState(alpha, id, 'failed');
    const again = (await run(alpha, 'inbox', 'retry', id, '--to', 'api@beta')).stdout.split(' ')[0]!;
    expect(again).not.toBe(id);
    await untilState(alpha, again, 'answered');
    expect(marksIn(beta)).toEqual([first, last, next, again]);
    await nats.close();
    await server.stop();
  });
});
