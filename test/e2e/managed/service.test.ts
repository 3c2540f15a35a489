/** After a reboot: the unit's own command brings the conversations back. */
import { spawn } from 'node:child_process';
import { existsSync, lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { verifies } from '../../requirements.ts';
import { realClaudeVersion } from '../../support/claude-binary.ts';
import { runClaudex } from '../../support/claudex.ts';
import { daemonClient, waitForMessages } from '../../support/daemon-watch.ts';
import type { HermeticHome } from '../../support/hermetic-home.ts';
import { isAlive } from '../../support/processes.ts';
import { useTestBed } from '../../support/test-bed.ts';
import { until } from '../../support/until.ts';

interface HostFile {
  host: { pid: number };
  claude: { pid: number };
}

describe(`the service of claude ${realClaudeVersion()}`, () => {
  const bed = useTestBed();
  const claudex = (home: HermeticHome, api: { url: string }, ...args: string[]) =>
    runClaudex(args, { env: home.env(api), cwd: home.root });
  const hostFile = (home: HermeticHome, id: string): HostFile =>
    JSON.parse(readFileSync(join(home.claudexHome, 'hosts', `${id}.json`), 'utf8'));

  async function started(home: HermeticHome, api: { url: string }, ...args: string[]): Promise<string> {
    const result = await claudex(home, api, 'start', ...args);
    expect(result).toMatchObject({ code: 0, stderr: '' });
    return result.stdout.trim();
  }

  /** Everybody dies at once, as when the machine does: hosts, claudes, the daemon. */
  async function end(home: HermeticHome, ids: readonly string[], signal: NodeJS.Signals): Promise<void> {
    const { pid } = await daemonClient(home).status();
    const files = ids.map((id) => hostFile(home, id));
    const pids = [
      pid,
      ...files.flatMap(({ host, claude }) => (signal === 'SIGKILL' ? [host.pid, claude.pid] : [host.pid])),
    ];
    for (const one of pids) process.kill(one, signal);
    await until(() => ![pid, ...files.flatMap((one) => [one.host.pid, one.claude.pid])].some(isAlive));
  }

  /** What systemd runs. */
  function runUnit(home: HermeticHome): void {
    const unit = readFileSync(join(home.home, '.config', 'systemd', 'user', 'claudex.service'), 'utf8');
    const words = [...unit.match(/^ExecStart=(.*)$/m)![1]!.matchAll(/"([^"]*)"/g)].map((match) => match[1]!);
    // little more than a system has at its start: no PATH of a shell, no API
    const env = { HOME: home.home, CLAUDEX_HOME: home.claudexHome, PATH: '/usr/bin:/bin' };
    // it is the daemon: the home's end stops it
    spawn(words[0]!, words.slice(1), { cwd: '/', env, stdio: 'ignore' });
  }

  it.each(['SIGKILL', 'SIGTERM'] as const)(
    `after %s to everybody the unit’s command brings the conversations back; what a person had stopped stays so ${verifies('service')}`,
    async (signal) => {
      const home = bed.home({ cwdNames: ['one', 'two', 'three'] });
      const api = await bed.api({ text: 'an answer' });
      expect(await claudex(home, api, 'service', 'install')).toMatchObject({ code: 0 });
      const one = await started(home, api, home.dir('one'), '--name', 'one', '--task', 'remember the first');
      const two = await started(
        home,
        api,
        home.dir('two'),
        '--name',
        'two',
        '--task',
        'remember the second',
        '--restart',
        'never',
      );
      const three = await started(home, api, home.dir('three'), '--name', 'three');
      await waitForMessages(home, (all) => all.filter(({ state }) => state === 'answered').length === 2);
      await claudex(home, api, 'stop', 'three', '--now');
      const stateOf = async (id: string) => (await daemonClient(home).managed()).find((each) => each.id === id)?.state;
      await until(async () => (await stateOf(three)) === 'stopped');
      const before = new Map((await daemonClient(home).managed()).map(({ id, sessionId }) => [id, sessionId]));

      await end(home, [one, two], signal);
      runUnit(home);
      await until(async () => (await stateOf(one)) === 'running' && (await stateOf(two)) === 'running');
      for (const [name, remembered] of [
        ['one', 'remember the first'],
        ['two', 'remember the second'],
      ] as const) {
        expect(await claudex(home, api, 'ask', name, 'and now?')).toMatchObject({ code: 0, stdout: 'an answer\n' });
        expect(JSON.stringify(api.requests.at(-1))).toContain(remembered);
      }
      const now = await daemonClient(home).managed();
      expect(new Map(now.map(({ id, sessionId }) => [id, sessionId]))).toEqual(before);
      expect(now.map(({ restarts }) => restarts)).toEqual([0, 0, 0]);
      expect(await stateOf(three)).toBe('stopped');
    },
  );

  it(`install, status, uninstall; uninstall of claudex takes the unit along ${verifies('service')}`, async () => {
    const home = bed.home();
    const api = await bed.api();
    const folder = join(home.home, '.config', 'systemd', 'user');
    const unit = join(folder, 'claudex.service');
    const link = join(folder, 'default.target.wants', 'claudex.service');
    expect((await claudex(home, api, 'service', 'status')).code).toBe(3);
    const installed = await claudex(home, api, 'service', 'install', '--json');
    expect(JSON.parse(installed.stdout)).toMatchObject({ kind: 'systemd', path: unit, enabled: true });
    expect(readFileSync(unit, 'utf8')).toContain(`Environment="CLAUDEX_HOME=${home.claudexHome}"`);
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    const status = await claudex(home, api, 'service', 'status', '--json');
    expect(status.code).toBe(0);
    expect(JSON.parse(status.stdout)).toEqual({
      kind: 'systemd',
      path: unit,
      installed: true,
      enabled: true,
      upToDate: true,
      daemon: null,
    });
    expect((await claudex(home, api, 'service', 'uninstall')).stdout).toContain('Removed');
    expect((await claudex(home, api, 'service', 'uninstall')).stdout).toContain('not installed');
    await claudex(home, api, 'service', 'install');
    const uninstalled = await claudex(home, api, 'service', 'uninstall', '--json');
    expect(JSON.parse(uninstalled.stdout)).toMatchObject({ path: unit, installed: false, removed: true });
    await claudex(home, api, 'service', 'install');
    expect((await claudex(home, api, 'uninstall')).stdout).toContain('claudex.service');
    expect([unit, link].map((path) => existsSync(path))).toEqual([false, false]);
  });

  it(`list tells the truth within two seconds after kill -9 of everybody ${verifies('truth-after-kill')}`, async () => {
    const home = bed.home();
    const api = await bed.api({ text: 'an answer' });
    const id = await started(home, api, home.cwd, '--restart', 'never', '--task', 'something');
    await waitForMessages(home, (all) => all.some(({ state }) => state === 'answered'));
    const dead = hostFile(home, id);
    await end(home, [id], 'SIGKILL');
    const listed = await claudex(home, api, 'list', '--all', '--json');
    const [session, ...others] = JSON.parse(listed.stdout);
    expect(others).toEqual([]);
    // what it says is so: no dead process is alive in it
    expect(session).toMatchObject({ id, managed: { state: expect.stringMatching(/^(starting|running)$/) } });
    expect(session.pid).not.toBe(dead.claude.pid);
    const bare = await claudex(home, api, 'list', '--json');
    expect(JSON.parse(bare.stdout).filter(({ pid }: { pid: number }) => pid === dead.claude.pid)).toEqual([]);
  });
});
