/** Sessions that a file declares, on the real claude: up, up again, down, up; and a schedule that wakes one of them. */
import { writeFileSync } from 'node:fs';
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

describe(`declared sessions of claude ${realClaudeVersion()}`, () => {
  const bed = useTestBed();
  const claudex = (home: HermeticHome, api: { url: string }, ...args: string[]) =>
    runClaudex(args, { env: home.env(api), cwd: home.root });
  const declare = (home: HermeticHome, ...sessions: object[]): void =>
    writeFileSync(join(home.root, 'claudex.sessions.json'), `// ours\n${JSON.stringify({ sessions })}`);

  it(`up starts what is missing and leaves what runs, down stops it, up resumes it ${verifies('sessions-file')}`, async () => {
    const home = bed.home({ cwdNames: ['project', 'other'] });
    const api = await bed.api({ text: 'an answer' });
    const worker = {
      name: 'worker',
      folder: home.cwd,
      env: { GREETING: 'hello' },
      task: 'the first task',
      keepWarm: true,
    };
    declare(home, worker, { name: 'helper', folder: './work/other' });
    const dry = await claudex(home, api, 'up', '--dry-run');
    expect(dry).toMatchObject({ code: 0, stdout: 'worker  would be started\nhelper  would be started\n' });
    expect(await daemonClient(home).managed()).toEqual([]);

    const first = await claudex(home, api, 'up', '--json');
    expect(first).toMatchObject({ code: 0, stderr: '' });
    const [one, two] = JSON.parse(first.stdout);
    expect(one).toMatchObject({ name: 'worker', action: 'started', cwd: home.cwd });
    expect(two).toMatchObject({ name: 'helper', action: 'started', state: 'idle', cwd: home.dir('other') });
    await waitForMessages(home, (all) =>
      all.some((message) => message.body === 'the first task' && message.state === 'answered'),
    );
    const before = await daemonClient(home).managed();
    expect(before.find(({ id }) => id === one.id)).toMatchObject({ keepWarm: true, name: 'worker' });

    const again = await claudex(home, api, 'up');
    expect(again.stdout).toBe(`worker  runs (${one.id})\nhelper  runs (${two.id})\n`);
    expect(await daemonClient(home).messages({ ended: 10 })).toHaveLength(1);

    expect(await claudex(home, api, 'down', '--now')).toMatchObject({
      code: 0,
      stdout: `worker  stopped (${one.id})\nhelper  stopped (${two.id})\n`,
    });
    expect((await daemonClient(home).managed()).map(({ state }) => state)).toEqual(['stopped', 'stopped']);
    expect((await claudex(home, api, 'down')).stdout).toContain('worker  is stopped');
    const resumed = await claudex(home, api, 'up', '--json');
    expect(JSON.parse(resumed.stdout)).toMatchObject([
      { action: 'resumed', id: one.id },
      { action: 'resumed', id: two.id },
    ]);
    expect((await claudex(home, api, 'ask', 'worker', 'do you remember?')).code).toBe(0);
    expect(JSON.stringify(api.requests.at(-1))).toContain('the first task');
  });

  it(`a schedule wakes its session, outlives the daemon, and keeps it from leaving ${verifies('schedules')}`, async () => {
    const home = bed.home();
    const api = await bed.api({ text: 'an answer' });
    const schedule = { cron: '* * * * *', task: 'the scheduled task' };
    declare(home, { name: 'clockwork', folder: home.cwd, idleTimeout: '1s', schedule });
    const extra = { CLAUDEX_DAEMON_IDLE_EXIT_MS: '1000' };
    const up = await runClaudex(['up', '--json'], { env: home.env(api, extra), cwd: home.root });
    expect(up).toMatchObject({ code: 0, stderr: '' });
    const [{ id }] = JSON.parse(up.stdout);
    const { pid, endsInMs } = await daemonClient(home).status();
    expect(endsInMs).toBeNull();
    const isSleeping = async (): Promise<boolean> => (await daemonClient(home).managed())[0]?.state === 'sleeping';
    await until(isSleeping);
    expect((await daemonClient(home).managed())[0]!.schedule).toMatchObject({
      cron: '* * * * *',
      nextAt: expect.any(String),
    });
    process.kill(pid, 'SIGKILL');
    await runClaudex(['daemon', 'start'], { env: home.env(api, extra), cwd: home.root });
    const messages = await waitForMessages(home, (all) => all.some((one) => one.state === 'answered'), 120_000);
    expect(messages[0]).toMatchObject({ body: 'the scheduled task', recipient: { id }, sender: { kind: 'user' } });
    await until(isSleeping);
    expect((await daemonClient(home).status()).endsInMs).toBeNull();
    const last = (await daemonClient(home).status()).pid;
    await runClaudex(['stop', id], { env: home.env(api, extra), cwd: home.root });
    await until(() => !isAlive(last));
  });

  it(`a mistake is named with its line, and nothing is started ${verifies('sessions-file')}`, async () => {
    const home = bed.home();
    const api = await bed.api();
    declare(home, { name: 'a', folder: home.cwd }, { name: 'b', folder: home.cwd, schedul: 1 });
    const result = await claudex(home, api, 'up');
    expect(result.code).toBe(3);
    expect(result.stderr).toContain('line 2: sessions[1].schedul: There is no such field.');
    expect((await claudex(home, api, 'down', 'nowhere.json')).stderr).toContain('nowhere.json');
  });
});
