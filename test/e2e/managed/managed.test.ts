/** Managed sessions on the real claude: they outlive terminals and daemons, sleep, are woken by a message, and come back. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ManagedRecord } from '../../../src/protocol/managed.ts';
import { verifies } from '../../requirements.ts';
import { realClaudeVersion } from '../../support/claude-binary.ts';
import { runClaudex, startClaudex } from '../../support/claudex.ts';
import { daemonClient, waitForMessages, waitForSessionRecord } from '../../support/daemon-watch.ts';
import type { HermeticHome } from '../../support/hermetic-home.ts';
import { isAlive } from '../../support/processes.ts';
import { expectOnce, promptBox, userMessagesInTranscript } from '../../support/real-claude.ts';
import { callsTool, scriptedTools } from '../../support/scripted-tools.ts';
import { useTestBed } from '../../support/test-bed.ts';
import { until } from '../../support/until.ts';

const patient = { timeoutMs: 60_000 };

describe(`managed sessions of claude ${realClaudeVersion()}`, () => {
  const bed = useTestBed();

  const claudex = (home: HermeticHome, api: { url: string }, ...args: string[]) =>
    runClaudex(args, { env: home.env(api), cwd: home.cwd });

  async function started(home: HermeticHome, api: { url: string }, ...args: string[]): Promise<string> {
    const result = await claudex(home, api, 'start', home.cwd, ...args);
    expect(result).toMatchObject({ code: 0, stderr: '' });
    return result.stdout.trim();
  }

  const managed = async (home: HermeticHome, id: string): Promise<ManagedRecord> =>
    (await daemonClient(home).managed()).find((one) => one.id === id)!;
  const hostPid = (home: HermeticHome, id: string, who: 'host' | 'claude'): number =>
    JSON.parse(readFileSync(join(home.claudexHome, 'hosts', `${id}.json`), 'utf8'))[who].pid;

  it(`start gives a task, ask is answered, peek shows the screen, attach and detach leave it running ${verifies('managed-outlives-terminal')}`, async () => {
    const home = bed.home();
    const api = await bed.api({ text: 'the answer' });
    const id = await started(home, api, '--name', 'worker', '--task', 'first task');
    await waitForMessages(home, (all) => all.some((one) => one.state === 'answered'));
    const asked = await claudex(home, api, 'ask', 'worker', 'second question');
    expect(asked).toMatchObject({ code: 0, stdout: 'the answer\n' });
    const peeked = async (): Promise<string> => (await claudex(home, api, 'peek', 'worker')).stdout;
    await until(async () => (await peeked()).includes('second question'), patient);

    const env = home.env(api);
    const viewer = startClaudex(['attach', 'worker'], { cwd: home.cwd, env });
    await viewer.waitForScreen('second question', patient);
    await until(async () => (await managed(home, id)).viewers === 1, patient);
    viewer.type('a draft of mine');
    await viewer.waitForScreen((screen) => promptBox(screen) === 'a draft of mine', patient);
    viewer.key('ctrl-\\');
    expect(await viewer.waitForExit(patient)).toEqual({ code: 0, signal: null });
    // the table says that a host runs it, without --all too
    expect((await claudex(home, api, 'list')).stdout).toMatch(/^\w{8} {2}worker .* host /m);
    const again = startClaudex(['attach', id, '--json'], { cwd: home.cwd, env, cols: 80, rows: 24 });
    await again.waitForScreen((screen) => promptBox(screen) === 'a draft of mine', patient);
    await again.waitForModes({ bracketedPaste: true }, patient);
    expect((await claudex(home, api, 'detach', 'worker')).code).toBe(0);
    expect(await again.waitForExit(patient)).toEqual({ code: 0, signal: null });
    expect(again.modes()).toMatchObject({ bracketedPaste: false });
    expect(again.rawOutput().toString()).toMatch(new RegExp(`\\{\\s+"id": "${id}",\\s+"name": "worker",`));
    await until(async () => (await managed(home, id)).state === 'running', patient);
  });

  it(`sleeps when it is idle, and a message wakes it: the same conversation, answered ${verifies('managed-wakes')}`, async () => {
    const home = bed.home();
    const api = await bed.api({ text: 'an answer' });
    const id = await started(home, api, '--idle-timeout', '2s', '--task', 'before the sleep');
    await until(async () => (await managed(home, id)).state === 'sleeping', patient);
    const { sessionId } = await managed(home, id);
    expect(sessionId).not.toBeNull();
    const asked = await claudex(home, api, 'ask', home.cwd, 'are you there?');
    expect(asked).toMatchObject({ code: 0, stdout: 'an answer\n' });
    expect((await managed(home, id)).sessionId).toBe(sessionId);
    expect(JSON.stringify(api.requests.at(-1))).toContain('before the sleep');
  });

  it(`survives kill -9 of the daemon, and kill -9 of claude: resumed, the queue intact ${verifies('managed-survives')}`, async () => {
    const home = bed.home();
    const api = await bed.api({ text: 'an answer' });
    const id = await started(home, api, '--task', 'remember this');
    await waitForMessages(home, (all) => all.some((one) => one.state === 'answered'));
    const daemon = (await daemonClient(home).status()).pid;
    process.kill(daemon, 'SIGKILL');
    const asked = await claudex(home, api, 'ask', id, 'still there?');
    expect(asked).toMatchObject({ code: 0, stdout: 'an answer\n' });
    await until(async () => (await managed(home, id)).state === 'running', patient);

    const first = hostPid(home, id, 'claude');
    process.kill(first, 'SIGKILL');
    await until(async () => (await managed(home, id)).restarts === 1, patient);
    const waited = await claudex(home, api, 'ask', id, 'and now?');
    expect(waited).toMatchObject({ code: 0, stdout: 'an answer\n' });
    await until(() => hostPid(home, id, 'claude') !== first, patient);
    expect(JSON.stringify(api.requests.at(-1))).toContain('remember this');
  });

  it(`kill -9 of claude in the middle of a turn: it comes back with its conversation, and what waits goes in once, in order ${verifies('managed-survives')}`, async () => {
    const home = bed.home();
    const api = await bed.api(({ prompt }) =>
      // this turn never ends by itself
      prompt.includes('a long task') ? { text: 'never', until: new Promise(() => undefined) } : { text: 'an answer' },
    );
    const id = await started(home, api, '--task', 'remember this');
    await waitForMessages(home, (all) => all.some((one) => one.state === 'answered'));
    const sent: string[] = [];
    for (const words of ['a long task', 'the second', 'the third']) {
      sent.push((await claudex(home, api, 'send', id, words)).stdout.trim());
    }
    await waitForSessionRecord(home, (one) => one.id === id && one.state === 'busy');
    const first = hostPid(home, id, 'claude');
    process.kill(first, 'SIGKILL');
    const all = await waitForMessages(home, (messages) =>
      messages.filter((one) => sent.slice(1).includes(one.id)).every((one) => one.state === 'answered'),
    );
    // its turn died with it: nobody says that it was done
    expect(all.find((one) => one.id === sent[0])?.state).toBe('failed');
    for (const words of ['the second', 'the third']) await expectOnce(home, words);
    const said = userMessagesInTranscript(home).join('\n');
    expect(said.indexOf('the second')).toBeLessThan(said.indexOf('the third'));
    expect(JSON.stringify(api.requests.at(-1))).toContain('remember this');
    await until(async () => (await managed(home, id)).restarts === 1, patient);
    expect(isAlive(first)).toBe(false);
  });

  it(`arguments that claude refuses are said at once and not tried again, and nothing of it stays in the way ${verifies('managed-lifecycle')}`, async () => {
    const home = bed.home();
    const api = await bed.api({ text: 'an answer' });
    for (const [args, said] of [
      [['--nope'], "unknown option '--nope'"],
      [['--settings', '/nowhere.json'], 'Settings file not found: /nowhere.json'],
    ] as const) {
      const refused = await claudex(home, api, 'start', home.cwd, '--', ...args);
      expect(refused).toMatchObject({ code: 3, stdout: '' });
      expect(refused.stderr).toContain(`claude does not take its arguments: ${said}`);
      expect(await daemonClient(home).managed()).toEqual([]);
    }
    await started(home, api);
  });

  it(`stop, resume, restart and forget; a stopped one takes no message and says how ${verifies('managed-lifecycle')}`, async () => {
    const home = bed.home();
    const api = await bed.api({ text: 'an answer' });
    const id = await started(home, api, '--name', 'worker', '--task', 'something');
    await waitForMessages(home, (all) => all.some((one) => one.state === 'answered'));
    const twice = await claudex(home, api, 'start', home.cwd, '--name', 'worker');
    expect(twice).toMatchObject({ code: 3 });
    expect(twice.stderr).toContain(id);
    expect((await claudex(home, api, 'stop', 'worker')).code).toBe(0);
    await until(async () => (await managed(home, id)).state === 'stopped', patient);
    const refused = await claudex(home, api, 'send', 'worker', 'anybody?');
    expect(refused).toMatchObject({ code: 3 });
    expect(refused.stderr).toContain('claudex resume');
    expect((await claudex(home, api, 'resume', 'worker')).code).toBe(0);
    await waitForSessionRecord(home, (one) => one.id === id && one.state === 'idle');
    expect((await claudex(home, api, 'ask', 'worker', 'back?')).code).toBe(0);
    const before = hostPid(home, id, 'host');
    expect((await claudex(home, api, 'restart', 'worker')).code).toBe(0);
    await until(
      async () => (await managed(home, id)).state === 'running' && hostPid(home, id, 'host') !== before,
      patient,
    );
    expect((await claudex(home, api, 'forget', 'worker')).stderr).toContain('claudex stop');
    expect((await claudex(home, api, 'stop', 'worker', '--now')).code).toBe(0);
    expect((await claudex(home, api, 'forget', 'worker')).code).toBe(0);
    expect(await daemonClient(home).managed()).toEqual([]);
  });

  it(`stop leaves a turn that waits for a person its end ${verifies('managed-lifecycle')}`, async () => {
    const home = bed.home();
    const api = await bed.api(scriptedTools);
    const task = callsTool('Bash', { command: 'touch done.txt', description: 'make a file' });
    const id = await started(home, api, '--name', 'worker', '--', '--permission-mode', 'default');
    expect((await claudex(home, api, 'send', 'worker', task)).code).toBe(0);
    const asked = async () =>
      (await daemonClient(home).questions()).find(({ state, remote }) => state === 'open' && remote);
    await until(async () => (await asked()) !== undefined, patient);
    await waitForSessionRecord(home, (one) => one.id === id && one.state === 'waiting');
    const stop = await claudex(home, api, 'stop', 'worker');
    expect(stop).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('worker stops after its turn, which waits for'),
    });
    expect((await claudex(home, api, 'approve', (await asked())!.id)).code).toBe(0);
    await until(async () => (await managed(home, id)).state === 'stopped', patient);
    expect(existsSync(join(home.cwd, 'done.txt'))).toBe(true);
    await waitForMessages(home, (all) => all.some((one) => one.state === 'answered'));
  });

  it('uninstall --purge ends those that run before their folder goes', async () => {
    const home = bed.home();
    const api = await bed.api({ text: 'an answer' });
    const id = await started(home, api);
    const [host, claude] = [hostPid(home, id, 'host'), hostPid(home, id, 'claude')];
    const removed = await claudex(home, api, 'uninstall', '--purge');
    expect(removed).toMatchObject({ code: 0, stderr: '' });
    await until(() => ![host, claude].some(isAlive), patient);
    expect(existsSync(home.claudexHome)).toBe(false);
  });
});
