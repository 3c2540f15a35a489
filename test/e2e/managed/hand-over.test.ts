/** An ordinary session leaves its terminal on the real claude: handed to a host in mid-turn, it runs on, and whoever attaches finds it as it was. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ManagedRecord } from '../../../src/protocol/managed.ts';
import { verifies } from '../../requirements.ts';
import { realClaudeVersion } from '../../support/claude-binary.ts';
import { claudexBin, runClaudex, startClaudex } from '../../support/claudex.ts';
import { daemonClient, waitForSessionRecord } from '../../support/daemon-watch.ts';
import type { HermeticHome } from '../../support/hermetic-home.ts';
import { isAlive } from '../../support/processes.ts';
import type { PtyDriver } from '../../support/pty-driver.ts';
import { promptBox, submitPrompt, waitForPromptBox, waitForSession } from '../../support/real-claude.ts';
import { callsTool, scriptedTools } from '../../support/scripted-tools.ts';
import { useTestBed } from '../../support/test-bed.ts';
import { until } from '../../support/until.ts';

const patient = { timeoutMs: 60_000 };

describe(`an ordinary session of claude ${realClaudeVersion()} leaves its terminal`, () => {
  const bed = useTestBed();

  const managed = async (home: HermeticHome, id: string): Promise<ManagedRecord | undefined> =>
    (await daemonClient(home).managed()).find((one) => one.id === id);
  /** The daemon and the host each tell of it in their own time. */
  const untilManaged = (home: HermeticHome, id: string, wanted: Partial<ManagedRecord>): Promise<void> =>
    until(async () => {
      const one = await managed(home, id);
      return Object.entries(wanted).every(([name, value]) => one?.[name as keyof ManagedRecord] === value);
    }, patient);
  const untilPeeked = (home: HermeticHome, env: Record<string, string>, id: string, text: string): Promise<void> =>
    until(async () => (await runClaudex(['peek', id], { cwd: home.cwd, env })).stdout.includes(text), patient);
  const hostFile = (home: HermeticHome, id: string): { claude: { pid: number }; host: { pid: number } } =>
    JSON.parse(readFileSync(join(home.claudexHome, 'hosts', `${id}.json`), 'utf8'));

  /** A session in the middle of its second turn, with a draft in its box; `finish` ends the turn. */
  async function inMidTurn(home: HermeticHome, env: Record<string, string>) {
    const own = startClaudex([], { cwd: home.cwd, env });
    await waitForPromptBox(own, patient);
    await submitPrompt(own, 'the first question');
    await own.waitForScreen('the first answer', patient);
    const { id, pid } = await waitForSessionRecord(home, (one) => one.state === 'idle' && one.supervised);
    await submitPrompt(own, 'the second question');
    await waitForSession(home, pid, 'busy');
    own.type('a draft of mine');
    await own.waitForScreen((screen) => promptBox(screen) === 'a draft of mine', patient);
    return { own, id, pid };
  }

  /** The screen once the turn has ended and nothing but the draft stands in the box. */
  async function afterTheTurn(
    driver: PtyDriver,
    home: HermeticHome,
    { id, pid }: { id: string; pid: number },
  ): Promise<string> {
    await driver.waitForScreen('the second answer', patient);
    await waitForSession(home, pid, 'idle');
    const screen = await driver.waitForScreen(
      (shown) =>
        promptBox(shown) === 'a draft of mine' &&
        /the second answer[\s\S]+^\S \S+ for \d+/m.test(shown) &&
        // claude asks for the badge a moment later
        shown.includes(`[${id}`),
      patient,
    );
    return withoutChance(screen, home.root, id);
  }

  it(`is handed over in mid-turn: the turn ends, the draft is kept, the screen is as if it had stayed ${verifies('hand-over')}`, async () => {
    const screens: string[] = [];
    for (const leaves of [false, true]) {
      const home = bed.home();
      // tips come by chance
      mkdirSync(join(home.home, '.claude'), { recursive: true });
      writeFileSync(join(home.home, '.claude', 'settings.json'), JSON.stringify({ spinnerTipsEnabled: false }));
      let endTurn: () => void = () => undefined;
      const held = new Promise<void>((resolve) => {
        endTurn = resolve;
      });
      const api = await bed.api(({ prompt }) =>
        prompt.includes('second question')
          ? { text: 'the second answer', until: held }
          : { text: prompt.includes('first question') ? 'the first answer' : 'the third answer' },
      );
      const env = home.env(api);
      const { own, id, pid } = await inMidTurn(home, env);
      if (!leaves) {
        endTurn();
        screens.push(await afterTheTurn(own, home, { id, pid }));
        continue;
      }
      const detached = await runClaudex(['detach', id], { cwd: home.cwd, env });
      expect(detached).toMatchObject({ code: 0 });
      expect(await own.waitForExit(patient)).toEqual({ code: 0, signal: null });
      expect(own.screen()).toContain(`Detached; ${id} runs on: claudex attach ${id}`);
      expect(own.modes()).toMatchObject({ bracketedPaste: false, sendFocus: false, mouseTracking: 'none' });
      expect(own.inAlternateScreen()).toBe(false);
      await untilManaged(home, id, { state: 'running', viewers: 0 });
      expect(hostFile(home, id).claude.pid).toBe(pid);
      endTurn();
      const again = startClaudex(['attach', id], { cwd: home.cwd, env });
      screens.push(await afterTheTurn(again, home, { id, pid }));
      await again.waitForModes({ bracketedPaste: true }, patient);

      again.key('enter');
      await again.waitForScreen('the third answer', patient);
      const asked = await runClaudex(['ask', id, 'one more'], { cwd: home.cwd, env });
      expect(asked).toMatchObject({ code: 0, stdout: 'the third answer\n' });
      again.key('ctrl-\\');
      expect(await again.waitForExit(patient)).toEqual({ code: 0, signal: null });
      expect((await runClaudex(['stop', id], { cwd: home.cwd, env })).code).toBe(0);
      await untilManaged(home, id, { state: 'stopped' });
      await until(() => !isAlive(pid));
      expect((await runClaudex(['resume', id], { cwd: home.cwd, env })).code).toBe(0);
      await waitForSessionRecord(home, (one) => one.id === id && one.state === 'idle');
      await untilPeeked(home, env, id, 'the third answer');
    }
    expect(screens[1]).toBe(screens[0]);
  }, 240_000);

  it(`from inside itself: claude's own shell says detach, and the turn goes on ${verifies('hand-over')}`, async () => {
    const home = bed.home();
    const env = home.env(await bed.api(scriptedTools));
    const own = startClaudex(['--permission-mode', 'default', '--allowedTools', 'Bash'], { cwd: home.cwd, env });
    await waitForPromptBox(own, patient);
    const command = `"${process.execPath}" "${claudexBin}" detach`;
    await submitPrompt(own, callsTool('Bash', { command, description: 'leave the terminal' }));
    expect(await own.waitForExit(patient)).toEqual({ code: 0, signal: null });
    const { id } = await waitForSessionRecord(home, (one) => one.state === 'idle');
    expect(own.screen()).toContain(`claudex attach ${id}`);
    await untilPeeked(home, env, id, 'runs on');
    await untilManaged(home, id, { state: 'running' });
  });

  it(`sleeps after it was handed over like any other, and a message wakes it with its conversation ${verifies('hand-over', 'managed-wakes')}`, async () => {
    const home = bed.home();
    const api = await bed.api({ text: 'an answer' });
    const env = home.env(api, { CLAUDEX_SESSIONS_IDLE_TIMEOUT_MS: '1000' });
    const own = startClaudex([], { cwd: home.cwd, env });
    await waitForPromptBox(own, patient);
    await submitPrompt(own, 'remember this');
    await own.waitForScreen('an answer', patient);
    const { id } = await waitForSessionRecord(home, (one) => one.state === 'idle' && one.supervised);
    expect((await runClaudex(['detach', id], { cwd: home.cwd, env })).code).toBe(0);
    await untilManaged(home, id, { state: 'sleeping' });
    expect(await runClaudex(['ask', id, 'are you there?'], { cwd: home.cwd, env })).toMatchObject({
      code: 0,
      stdout: 'an answer\n',
    });
    expect(JSON.stringify(api.requests.at(-1))).toContain('remember this');
  });

  it(`its window is closed, and it is to be kept: it runs on, and ends as it is told to ${verifies('hang-up-keep')}`, async () => {
    const home = bed.home();
    const env = home.env(await bed.api({ text: 'an answer' }), { CLAUDEX_ON_HANGUP: 'keep' });
    const own = startClaudex([], { cwd: home.cwd, env });
    await waitForPromptBox(own, patient);
    await submitPrompt(own, 'a question');
    await own.waitForScreen('an answer', patient);
    const { id, pid } = await waitForSessionRecord(home, (one) => one.state === 'idle' && one.supervised);
    own.closeWindow();
    await untilManaged(home, id, { state: 'running' });
    expect(isAlive(pid)).toBe(true);
    const again = startClaudex(['attach'], { cwd: home.cwd, env });
    await waitForPromptBox(again, patient);
    await again.waitForScreen('an answer', patient);
    again.type('/exit');
    await again.waitForScreen((screen) => promptBox(screen) === '/exit', patient);
    again.key('enter');
    expect(await again.waitForExit(patient)).toEqual({ code: 0, signal: null });
    expect(again.screen()).toContain('is ended: claude was left (/exit)');
    await untilManaged(home, id, { state: 'ended' });
  });

  it('kill -9 of a claude that was handed over is a crash: the same conversation goes on in the attached terminal', async () => {
    const home = bed.home();
    const env = home.env(await bed.api({ text: 'an answer' }));
    const own = startClaudex([], { cwd: home.cwd, env });
    await waitForPromptBox(own, patient);
    await submitPrompt(own, 'remember this');
    await own.waitForScreen('an answer', patient);
    const { id, pid } = await waitForSessionRecord(home, (one) => one.state === 'idle' && one.supervised);
    expect((await runClaudex(['detach'], { cwd: home.cwd, env })).code).toBe(0);
    const viewer = startClaudex(['attach', id], { cwd: home.cwd, env });
    await viewer.waitForScreen('an answer', patient);
    process.kill(pid, 'SIGKILL');
    await viewer.waitForOutput('is being started again', patient);
    const next = await waitForSessionRecord(home, (one) => one.id === id && one.pid !== pid && one.state === 'idle');
    await until(() => hostFile(home, id).claude.pid === next.pid, patient);
    await untilManaged(home, id, { restarts: 1, viewers: 1 });
    viewer.type('here again');
    await viewer.waitForScreen(
      (screen) => screen.includes('remember this') && promptBox(screen) === 'here again',
      patient,
    );
    viewer.key('ctrl-\\');
    await viewer.waitForExit(patient);
  });
});

/** What differs from one run to the next: folders, ids, random verbs and times. */
function withoutChance(screen: string, root: string, id: string): string {
  return (
    screen
      .replaceAll(root, '/tmp/cxt-ABCDEF')
      .replaceAll(id, 'an-idstr')
      .replace(/^(✻|✢|✽|✶|·|\*) .*$/gm, '✻ …')
      // 2.1.332 draws its sign in steps
      .replace(/^[ ▀-▟]+(?=Claude Code v|Opus |\/tmp\/)/gm, '')
      .replace(/\d+(\.\d+)?s\b/g, '0s')
      // a hint that goes away some seconds after the start
      .replace(/ +[●◐○◑] \w+ · \/effort$/gm, '')
      .split('\n')
      .map((line) => line.trimEnd())
      .join('\n')
  );
}
