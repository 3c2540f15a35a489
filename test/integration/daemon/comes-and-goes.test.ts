/** The daemon comes when it is needed and goes when it is not, and whoever works with it finds the next one. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { verifies } from '../../requirements.ts';
import { repositoryRoot, runClaudex, startClaudex } from '../../support/claudex.ts';
import { sendMessage, waitForMessage, waitForSessionRecord } from '../../support/daemon-watch.ts';
import type { HermeticHome } from '../../support/hermetic-home.ts';
import { standAsSession } from '../../support/mcp-client.ts';
import { isAlive, processCommandLine, processesWithEnvironment } from '../../support/processes.ts';
import { waitForPromptBox } from '../../support/real-claude.ts';
import { run } from '../../support/run-command.ts';
import { withStandIn } from '../../support/stand-in.ts';
import { useTestBed } from '../../support/test-bed.ts';
import { until } from '../../support/until.ts';
import { waitForFile } from '../../support/wait-for-file.ts';

const patient = { timeoutMs: 45_000 };

describe('the daemon comes and goes', () => {
  const bed = useTestBed();

  async function supervisedSession(home: HermeticHome) {
    const env = withStandIn(home);
    const driver = startClaudex([], { cwd: home.cwd, env });
    await waitForPromptBox(driver, { content: '', ...patient });
    const session = await waitForSessionRecord(home, (one) => one.supervised && one.state === 'idle');
    return { driver, session, env };
  }

  const lockedPid = (home: HermeticHome): number =>
    JSON.parse(readFileSync(join(home.claudexHome, 'daemon.lock'), 'utf8')).pid;
  const logged = (home: HermeticHome, wanted: RegExp) =>
    waitForFile(join(home.claudexHome, 'logs', 'daemon.log'), (text) => wanted.test(text ?? '') || undefined, {
      ...patient,
      what: String(wanted),
    });
  async function untilDead(pid: number): Promise<void> {
    while (isAlive(pid)) await delay(10);
  }

  it(`SIGTERM (a logout, a timer's unit) is no stop: sessions bring it back, what is due goes ${verifies('daemon-comes-back')}`, async () => {
    const home = bed.home();
    const { session } = await supervisedSession(home);
    const id = await sendMessage(home, [session.id, '--delay', '1s', 'a little later']);
    const pid = lockedPid(home);
    process.kill(pid, 'SIGTERM');
    await untilDead(pid);
    // nobody runs a command: it is there by itself
    await logged(home, new RegExp(`"reason":"terminated"[\\s\\S]*"message answered","id":"${id}"`));
    expect(lockedPid(home)).not.toBe(pid);
  });

  it(`status says when it ends by itself ${verifies('idle-exit')}`, async () => {
    const home = bed.home();
    const at = { env: home.env(), cwd: home.cwd };
    await runClaudex(['daemon', 'start'], at);
    expect((await runClaudex(['status'], at)).stdout).toContain('; nothing needs it: it ends by itself in 30 min)');
    expect((await runClaudex(['daemon', 'status'], at)).stdout).toContain('it ends by itself in 30 min.');
  });

  it(`ends by itself when nothing needs it, and only then ${verifies('idle-exit')}`, async () => {
    const home = bed.home();
    const env = { ...withStandIn(home), CLAUDEX_DAEMON_IDLE_EXIT_MS: '1000' };
    const driver = startClaudex([], { cwd: home.cwd, env });
    await waitForPromptBox(driver, { content: '', ...patient });
    await logged(home, /"session started"/);
    const pid = lockedPid(home);
    const held = (await runClaudex(['send', home.root, '--hold', 'for whoever comes'], { env, cwd: home.cwd })).stdout;
    const needed = await runClaudex(['status', '--json'], { env, cwd: home.cwd });
    expect(JSON.parse(needed.stdout).daemon).toMatchObject({ pid, endsInMs: null });
    driver.key('ctrl-c');
    driver.key('ctrl-c');
    await driver.waitForExit(patient);
    await logged(home, /"session gone"/);
    // no session any more, but a message
    const waiting = await runClaudex(['status', '--json'], { env, cwd: home.cwd });
    expect(JSON.parse(waiting.stdout)).toMatchObject({ sessions: 0, pending: 1, daemon: { pid, endsInMs: null } });
    expect(await runClaudex(['inbox', 'cancel', held.trim()], { env, cwd: home.cwd })).toMatchObject({ code: 0 });
    await untilDead(pid);
    await logged(home, /"reason":"idle"/);
    for (const name of ['daemon.sock', 'daemon.addr', 'daemon.lock', 'daemon.stopped']) {
      expect(existsSync(join(home.claudexHome, name)), name).toBe(false);
    }
    expect((await runClaudex(['status'], { env, cwd: home.cwd })).stdout).toContain('does not run');
  });

  it(`ends at once when its folder is removed ${verifies('idle-exit')}`, async () => {
    const home = bed.home();
    await runClaudex(['daemon', 'start'], { env: home.env(), cwd: home.cwd });
    const pid = lockedPid(home);
    // the daemon may just be putting another file into it
    await until(() => {
      rmSync(home.claudexHome, { recursive: true, force: true });
      return true;
    });
    await untilDead(pid);
    expect(existsSync(home.claudexHome)).toBe(false);
  });

  it(`hooks of many sessions that start at once start one, and leave it alone once a person has stopped it ${verifies('daemon-by-hooks')}`, async () => {
    const home = bed.home();
    const env = home.env();
    expect(await runClaudex(['install', '--no-mcp'], { env, cwd: home.root })).toMatchObject({ code: 0 });
    const hook = (payload: object) =>
      run('/bin/sh', [join(home.claudexHome, 'hooks', 'claudex-hook')], { env, stdin: JSON.stringify(payload) });
    const start = { hook_event_name: 'SessionStart', source: 'startup', session_id: 'a' };
    const outcomes = await Promise.all(Array.from({ length: 12 }, () => hook(start)));
    for (const outcome of outcomes) expect(outcome).toMatchObject({ code: 0, stdout: '', stderr: '' });
    await logged(home, /"daemon ready"/);
    while (processesWithEnvironment([home.root]).some((pid) => processCommandLine(pid).includes('daemon wake'))) {
      await delay(10);
    }
    const log = () => readFileSync(join(home.claudexHome, 'logs', 'daemon.log'), 'utf8').match(/"daemon ready"/g);
    expect(log()).toHaveLength(1);

    await runClaudex(['daemon', 'stop'], { env, cwd: home.cwd });
    expect(existsSync(join(home.claudexHome, 'daemon.stopped'))).toBe(true);
    await hook({ ...start, hook_event_name: 'Stop', source: undefined });
    await hook({ ...start, source: 'compact' });
    expect(processesWithEnvironment([home.root])).toEqual([]);
    await hook(start);
    await logged(home, /"daemon ready"[\s\S]*"daemon ready"/);
    expect(existsSync(join(home.claudexHome, 'daemon.stopped'))).toBe(false);
  });

  it('what a hook has to tell reaches a daemon that is only slow, though the hook has given up on it', async () => {
    const home = bed.home();
    await runClaudex(['daemon', 'start'], { env: home.env(), cwd: home.cwd });
    standAsSession(home, process.pid, home.cwd, 'a-session');
    await waitForSessionRecord(home, (one) => one.pid === process.pid && one.peers);
    const pid = lockedPid(home);
    process.kill(pid, 'SIGSTOP');
    const payload = { hook_event_name: 'SessionStart', source: 'startup', session_id: 'a-session', cwd: home.cwd };
    const env = home.env(undefined, { CLAUDEX_HOOK_SECONDS: '1', CLAUDEX_PEERS: 'off' });
    const hook = await run(join(repositoryRoot, 'hooks', 'claudex-hook'), [], { env, stdin: JSON.stringify(payload) });
    expect(hook).toMatchObject({ code: 0, stdout: '', stderr: '' });
    process.kill(pid, 'SIGCONT');
    await waitForSessionRecord(home, (one) => one.pid === process.pid && !one.peers);
  });

  it(`a session finds its way back where nothing can be watched (no inotify left) ${verifies('daemon-comes-back')}`, async () => {
    const home = bed.home();
    const broken = join(home.root, 'broken');
    mkdirSync(broken);
    const env = withStandIn(
      home,
      {},
      { CHAOS_BREAK: broken, NODE_OPTIONS: `--import=${join(repositoryRoot, 'bench', 'chaos', 'broken-system.mjs')}` },
    );
    const driver = startClaudex([], { cwd: home.cwd, env });
    await waitForPromptBox(driver, { content: '', ...patient });
    await waitForSessionRecord(home, (one) => one.supervised && one.state === 'idle');
    writeFileSync(join(broken, 'inotify'), '');
    await runClaudex(['daemon', 'stop'], { env: home.env(), cwd: home.root });
    await runClaudex(['daemon', 'start'], { env: home.env(), cwd: home.root });
    await waitForSessionRecord(home, (one) => one.supervised);
  });

  it(`a session finds its way back after uninstall --purge ${verifies('daemon-comes-back')}`, async () => {
    const home = bed.home();
    const { env } = await supervisedSession(home);
    expect(await runClaudex(['uninstall', '--purge'], { env, cwd: home.root })).toMatchObject({ code: 0, stderr: '' });
    expect(await runClaudex(['daemon', 'start'], { env, cwd: home.root })).toMatchObject({ code: 0 });
    const session = await waitForSessionRecord(home, (one) => one.supervised && one.state === 'idle');
    const id = await sendMessage(home, [session.id, 'after the purge']);
    expect(await waitForMessage(home, id, ['answered'])).toMatchObject({ route: 'paste', attempts: 1 });
  });
});
