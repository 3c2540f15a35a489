/** Three hosts with viewers, while the daemon above them is killed and replaced: nobody who looks sees anything of it. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { verifies } from '../../requirements.ts';
import { realClaudeVersion } from '../../support/claude-binary.ts';
import { runClaudex } from '../../support/claudex.ts';
import { daemonClient } from '../../support/daemon-watch.ts';
import { copyPackage } from '../../support/package-copy.ts';
import { isAlive } from '../../support/processes.ts';
import { startInPty } from '../../support/pty-driver.ts';
import { promptBox } from '../../support/real-claude.ts';
import { run } from '../../support/run-command.ts';
import { useTestBed } from '../../support/test-bed.ts';
import { until } from '../../support/until.ts';

const patient = { timeoutMs: 60_000 };

describe(`hosts of claude ${realClaudeVersion()}`, () => {
  const bed = useTestBed();

  it(`outlive kill -9 of the daemon and its replacement by a newer one, and no viewer sees it ${verifies('managed-survives')}`, async () => {
    const names = ['one', 'two', 'three'];
    const home = bed.home({ cwdNames: names });
    const api = await bed.api({ text: 'the answer' });
    const env = home.env(api);
    const older = copyPackage(join(home.root, 'older'), '0.0.1');
    const runOlder = (...args: string[]) => run(process.execPath, [older, ...args], { env, cwd: home.root });
    for (const name of names) expect((await runOlder('start', home.dir(name), '--name', name)).code).toBe(0);
    const viewers = names.map((name) => startInPty(process.execPath, [older, 'attach', name], { cwd: home.root, env }));
    for (const [index, viewer] of viewers.entries()) {
      await viewer.waitForScreen((screen) => promptBox(screen) !== undefined, patient);
      viewer.type(`draft ${index}`);
      // the badge comes when claude asks for it, on a busy machine after the draft
      const isWhole = (screen: string): boolean =>
        promptBox(screen) === `draft ${index}` && screen.includes(`[${names[index]}`);
      await viewer.waitForScreen(isWhole, patient);
    }
    // claude's own changes: the badge counts the peers, as they come to be known, and a notice about effort beside it is taken back
    const lines = (screen: string): string[] =>
      screen
        .split('\n')
        .map((line) => line.replace(/\s*\S+ \S+ · \/effort$/, ''))
        .filter((line) => line.trim() !== '');
    const shown = () => viewers.map((viewer) => lines(viewer.screen().replace(/ · \d+ peers?\]/, ']')));
    const before = shown();
    const killed = (await daemonClient(home).status()).pid;
    process.kill(killed, 'SIGKILL');
    await until(() => !isAlive(killed));
    const running = async (): Promise<boolean> =>
      (await daemonClient(home).managed()).filter((one) => one.state === 'running' && one.viewers === 1).length === 3;
    expect((await runOlder('list')).code).toBe(0);
    await until(running, patient);
    const second = (await daemonClient(home).status()).pid;
    expect(shown()).toEqual(before);

    expect((await runClaudex(['list'], { env, cwd: home.root })).code).toBe(0);
    expect((await daemonClient(home).status()).pid).not.toBe(second);
    await until(running, patient);
    expect(shown()).toEqual(before);
    for (const [index, viewer] of viewers.entries()) {
      viewer.type('!');
      await viewer.waitForScreen((screen) => promptBox(screen) === `draft ${index}!`, patient);
      viewer.key('ctrl-\\');
      expect(await viewer.waitForExit(patient)).toEqual({ code: 0, signal: null });
    }
  });
});
