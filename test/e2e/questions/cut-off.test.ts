/** What is open when something ends: the dialog, the conversation, claude, the daemon, the hook. Nothing is lost, nothing is left, and what is said of it is so. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DaemonClient } from '../../../src/daemon-client/client.ts';
import { verifies } from '../../requirements.ts';
import {
  type AskingClaude,
  expectNoHooks,
  hooksOf,
  pressUntil,
  startAskingClaude,
} from '../../support/asking-claude.ts';
import { realClaudeVersion } from '../../support/claude-binary.ts';
import { runClaudex } from '../../support/claudex.ts';
import { childPids, isAlive } from '../../support/processes.ts';
import { promptBox, runFromMenu, waitForSession } from '../../support/real-claude.ts';
import { useTestBed } from '../../support/test-bed.ts';
import { until } from '../../support/until.ts';

const touch = (name: string) => ({ name: 'Bash', input: { command: `touch ${name}`, description: 'make a file' } });

describe(`a question of claude ${realClaudeVersion()} that something cuts off`, () => {
  const bed = useTestBed();

  const command = ({ home }: AskingClaude, ...args: string[]) => runClaudex(args, { env: home.env(), cwd: home.cwd });
  const has = ({ home }: AskingClaude, name: string) => existsSync(join(home.cwd, name));

  async function dialog(claude: AskingClaude, name: string): Promise<string> {
    await claude.ask(touch(name));
    const [question] = await claude.open();
    await claude.driver.waitForScreen((screen) => screen.includes('Do you want to proceed?') && screen.includes(name));
    expect(hooksOf(claude.home).length).toBeGreaterThan(0);
    return question!.id;
  }

  it(`Esc and /clear: asked no longer, no hook is left, and the next conversation asks its own ${verifies('question-withdrawn')}`, async () => {
    const claude = await startAskingClaude(bed);
    const id = await dialog(claude, 'one.txt');
    await pressUntil(claude.driver, 'esc', async () => (await claude.client.question(id)).state !== 'open');
    await expectNoHooks(claude.home);
    const { pid } = (await claude.client.sessions())[0]!;
    const before = (await waitForSession(claude.home, pid, 'idle')).sessionId;
    await claude.driver.waitForScreen((screen) => promptBox(screen) !== undefined);
    await runFromMenu(claude.driver, '/clear');
    await waitForSession(claude.home, pid, ({ sessionId, status }) => sessionId !== before && status === 'idle');
    const late = await command(claude, 'approve', id);
    expect(late).toMatchObject({ code: 3, stdout: '' });
    expect(late.stderr).toMatch(/Answered in the terminal \d+ s ago/);
    await claude.driver.waitForScreen((screen) => promptBox(screen) !== undefined);
    const next = await dialog(claude, 'two.txt');
    expect(await command(claude, 'approve', next)).toMatchObject({ code: 0 });
    await until(() => has(claude, 'two.txt'));
    expect(has(claude, 'one.txt')).toBe(false);
    await expectNoHooks(claude.home);
  });

  it(`kill -9 of claude: withdrawn, and no hook is left ${verifies('question-withdrawn')}`, async () => {
    const claude = await startAskingClaude(bed);
    const id = await dialog(claude, 'one.txt');
    process.kill((await claude.client.sessions())[0]!.pid, 'SIGKILL');
    expect(await claude.settled(id)).toMatchObject({
      state: 'withdrawn',
      reason: 'its session has ended',
      input: null,
    });
    await expectNoHooks(claude.home);
    const late = await command(claude, 'approve', id);
    expect(late).toMatchObject({ code: 3, stdout: '' });
    expect(late.stderr).toMatch(/Withdrawn \d+ s ago: its session has ended\./);
    expect((await command(claude, 'waiting')).stdout).toBe('Claude asks nothing.\n');
    await claude.driver.waitForExit();
    expect(has(claude, 'one.txt')).toBe(false);
  });

  it(`kill -9 of the daemon: the hook waits for the next one, where it is the same question and is answered ${verifies('question-withdrawn')}`, async () => {
    const claude = await startAskingClaude(bed);
    const id = await dialog(claude, 'one.txt');
    const { pid } = await claude.client.status();
    process.kill(pid, 'SIGKILL');
    await until(() => !isAlive(pid));
    const next = (): DaemonClient => {
      return new DaemonClient(readFileSync(join(claude.home.claudexHome, 'daemon.addr'), 'utf8').trim());
    };
    await until(async () => (await next().status()).pid !== pid && (await next().question(id)).remote);
    expect(await command(claude, 'approve', id)).toMatchObject({ code: 0 });
    await until(() => has(claude, 'one.txt'));
    await expectNoHooks(claude.home);
  });

  it(`daemon restart: the same question waits at the next one, and is answered ${verifies('question-withdrawn')}`, async () => {
    const claude = await startAskingClaude(bed);
    const id = await dialog(claude, 'one.txt');
    expect(await command(claude, 'daemon', 'restart')).toMatchObject({ code: 0 });
    await until(async () => JSON.parse((await command(claude, 'waiting', '--json')).stdout)[0]?.remote === true);
    expect(await command(claude, 'approve', id)).toMatchObject({ code: 0 });
    await until(() => has(claude, 'one.txt'));
    await expectNoHooks(claude.home);
  });

  it(`kill -9 of the hook: of its curl it comes back, of all of it the terminal is left, and that is said ${verifies('question-withdrawn')}`, async () => {
    const claude = await startAskingClaude(bed);
    const first = await dialog(claude, 'one.txt');
    const { pid: claudePid } = (await claude.client.sessions())[0]!;
    const isShell = (pid: number) => childPids(claudePid).includes(pid);
    await until(() => hooksOf(claude.home).filter((pid) => !isShell(pid)).length === 1);
    const [curl] = hooksOf(claude.home).filter((pid) => !isShell(pid));
    process.kill(curl!, 'SIGKILL');
    await until(() => hooksOf(claude.home).some((pid) => pid !== curl && !isShell(pid)));
    await until(async () => (await claude.client.question(first)).remote);
    expect(await command(claude, 'approve', first)).toMatchObject({ code: 0 });
    await until(() => has(claude, 'one.txt'));
    await expectNoHooks(claude.home);

    await claude.driver.waitForScreen('went on 1');
    const second = await dialog(claude, 'two.txt');
    for (const pid of hooksOf(claude.home).sort((a, b) => Number(isShell(b)) - Number(isShell(a)))) {
      if (isAlive(pid)) process.kill(pid, 'SIGKILL');
    }
    await claude.settled(second, ({ remote }) => !remote);
    const refused = await command(claude, 'approve', second);
    expect(refused).toMatchObject({ code: 3, stdout: '' });
    expect(refused.stderr).toContain('That can be answered in its terminal only. Its hook was ended.');
    expect((await command(claude, 'waiting')).stdout).toContain('only in its terminal: its hook was ended');
    // the dialog is as it was
    await pressUntil(claude.driver, 'enter', () => has(claude, 'two.txt'));
    expect(await claude.settled(second)).toMatchObject({ state: 'answered', via: 'terminal' });
    await expectNoHooks(claude.home);
  });
});
