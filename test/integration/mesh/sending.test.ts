/** Messages from one machine to another: two homes, a real nats-server on loopback, the stand-in for claude. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { signEnvelope } from '../../../src/mesh/envelope.ts';
import { newKey } from '../../../src/mesh/server-files.ts';
import { verifies } from '../../requirements.ts';
import { asServerOwner, natsServer } from '../../support/mesh.ts';
import { processesWithEnvironment } from '../../support/processes.ts';
import { useTestBed } from '../../support/test-bed.ts';
import { marksIn, messageThere, runThere, twoMachines, untilState } from '../../support/two-machines.ts';
import { until } from '../../support/until.ts';

describe.runIf(natsServer !== undefined)('sending to another machine', () => {
  const bed = useTestBed();

  it(`is proved and answered as in one home, and comes from a peer; what is wrong is said ${verifies('mesh-sending')}`, async () => {
    const { alpha, beta } = await twoMachines(bed);
    const asked = await runThere(alpha, 'ask', 'api@beta', 'how are you?');
    expect(asked).toMatchObject({ code: 0 });
    expect(asked.stdout).not.toBe('');
    const sent = await runThere(alpha, 'send', 'api@beta', 'and now?');
    expect(sent).toMatchObject({ code: 0, stderr: '' });
    const id = sent.stdout.trim();
    const answered = await untilState(alpha, id, 'answered');
    expect(answered).toMatchObject({ recipient: { machine: 'beta', name: 'api', target: 'api' } });
    expect(answered.history.map(({ state }) => state).slice(0, 3)).toEqual(['queued', 'sent', 'arrived']);
    const there = await messageThere(beta, id);
    expect(there).toMatchObject({
      state: 'answered',
      answer: answered.answer,
      sender: { kind: 'peer', machine: 'alpha' },
    });
    expect(there.sender.label).toMatch(/^machine alpha: the user’s shell/);
    expect(marksIn(beta).filter((one) => one === id)).toEqual([id]);

    // what is wrong: no such machine, nobody called so there, a machine in no mesh
    const gamma = await runThere(alpha, 'send', 'api@gamma', 'x');
    expect(gamma).toMatchObject({ code: 3 });
    expect(gamma.stderr).toContain('Asked for gamma; machines: beta.');
    const nobody = await runThere(alpha, 'ask', 'nobody@beta', 'x');
    expect(nobody.code).toBe(5);
    expect(nobody.stderr).toMatch(/beta: .*Asked for "nobody"/);
    const stranger = bed.home();
    expect((await runThere(stranger, 'send', 'api@beta', 'x')).stderr).toContain('claudex mesh join');
    expect(await runThere(beta, 'send', 'api@beta', 'x')).toMatchObject({ code: 3 });
  });

  it(`what lies in front of a machine that slept, came twice, or was forged ${verifies('mesh-sending', 'mesh-hostile')}`, async () => {
    const { alpha, beta, server } = await twoMachines(bed);
    const nats = await asServerOwner(alpha, server.url, 'mailOwner');
    const copies: Uint8Array[] = [];
    nats.subscribe('claudex.mail.beta.alpha', { callback: (_error, { data }) => void copies.push(data) });
    await nats.flush();
    const all = (signal: NodeJS.Signals): void => {
      for (const pid of processesWithEnvironment([`CLAUDEX_HOME=${beta.claudexHome}`])) process.kill(pid, signal);
    };
    all('SIGSTOP');
    const sent = async (...words: string[]): Promise<string> =>
      (await runThere(alpha, 'send', 'api@beta', ...words)).stdout.trim();
    const [first, takenBack, late, last] = [
      await sent('one'),
      await sent('two'),
      await sent('three', '--expires', '3s'),
      await sent('four'),
    ];
    expect(await untilState(alpha, first, 'sent')).toMatchObject({ waitsFor: expect.stringContaining('beta') });
    await untilState(alpha, takenBack, 'sent');
    expect((await runThere(alpha, 'inbox', 'cancel', takenBack)).stdout).toContain('to be taken back');
    // or more: what is not confirmed goes out again
    await until(() => copies.length >= 5);
    const { expiresAt } = await messageThere(alpha, late);
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
    const failed = await runThere(alpha, 'send', 'nobody@beta', 'six', '--json');
    const { id } = JSON.parse(failed.stdout);
    await untilState(alpha, id, 'failed');
    const again = (await runThere(alpha, 'inbox', 'retry', id, '--to', 'api@beta')).stdout.split(' ')[0]!;
    expect(again).not.toBe(id);
    await untilState(alpha, again, 'answered');
    expect(marksIn(beta)).toEqual([first, last, next, again]);
    await nats.close();
    await server.stop();
  });
});
