/** Hosts and daemons that die at bad moments: each session has one host and one claude, or none, and its record says so. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ManagedRecord } from '../../../src/protocol/managed.ts';
import { verifies } from '../../requirements.ts';
import { fixture, runClaudex } from '../../support/claudex.ts';
import { daemonClient } from '../../support/daemon-watch.ts';
import type { HermeticHome } from '../../support/hermetic-home.ts';
import { isAlive, processCommandLine, processesWithEnvironment } from '../../support/processes.ts';
import { useTestBed } from '../../support/test-bed.ts';
import { until } from '../../support/until.ts';

describe('a managed session whose host or daemon dies', () => {
  const bed = useTestBed();

  const start = (home: HermeticHome, program: string, env: Record<string, string> = {}): Promise<ManagedRecord> =>
    daemonClient(home).startManaged({
      cwd: home.cwd,
      args: [],
      env: { ...home.env(), CLAUDEX_CLAUDE_BIN: program, ...env },
      claudeSessionId: null,
      keepWarm: true,
      restart: 'crash',
    });
  const hostFile = (home: HermeticHome, id: string): Record<'host' | 'claude', { pid: number }> =>
    JSON.parse(readFileSync(join(home.claudexHome, 'hosts', `${id}.json`), 'utf8'));
  const processesOf = (home: HermeticHome, words: string): number[] =>
    processesWithEnvironment([home.root]).filter((pid) => processCommandLine(pid).includes(words));

  it(`the daemon is killed while it starts a host: the next one has one host for it, whoever has started that ${verifies('managed-survives')}`, async () => {
    const home = bed.home();
    const go = join(home.root, 'go');
    await runClaudex(['daemon', 'start'], { env: home.env() });
    const { pid } = await daemonClient(home).status();
    const program = fixture('dump-input.mjs');
    const starting = start(home, program, {
      NODE_OPTIONS: `--import=file://${fixture('host-waits.mjs')}`,
      HOST_GO: go,
    });
    const lost = expect(starting).rejects.toMatchObject({ code: 'DAEMON_UNREACHABLE' });
    const hosts = (): number[] => processesOf(home, ' daemon host ');
    await until(() => hosts().length === 1);
    process.kill(pid, 'SIGKILL');
    await lost;
    const [first] = hosts() as [number];
    await runClaudex(['daemon', 'start'], { env: home.env() });
    await until(() => hosts().length === 2);
    const second = hosts().find((one) => one !== first)!;
    const client = daemonClient(home);
    const [{ id }] = (await client.managed()) as [ManagedRecord];
    writeFileSync(`${go}-${first}`, '');
    await until(() => hostFile(home, id).host.pid === first);
    writeFileSync(`${go}-${second}`, '');
    await until(() => !isAlive(second));
    await until(
      async () => (await client.managed())[0]?.state === 'starting' && processesOf(home, program).length === 1,
    );
    await client.changeManaged(id, 'stop?now=true');
    await until(async () => (await client.managed())[0]?.state === 'stopped');
    await until(() => hosts().length === 0 && processesOf(home, program).length === 0);
  });

  it(`the host is killed and claude does not go: it is ended before it is started again ${verifies('managed-survives')}`, async () => {
    const home = bed.home();
    await runClaudex(['daemon', 'start'], { env: home.env() });
    const client = daemonClient(home);
    const program = join(home.root, 'deaf');
    writeFileSync(program, "#!/bin/sh\ntrap '' HUP INT TERM\nexec sleep 1000\n", { mode: 0o755 });
    const { id } = await start(home, program);
    const first = hostFile(home, id);
    process.kill(first.host.pid, 'SIGKILL');
    await until(() => hostFile(home, id).claude.pid !== first.claude.pid);
    expect(isAlive(first.claude.pid)).toBe(false);
    expect((await client.managed())[0]).toMatchObject({
      restarts: 1,
      exit: { reason: expect.stringContaining('killed') },
    });
    await client.changeManaged(id, 'stop?now=true');
    await until(async () => (await client.managed())[0]?.state === 'stopped');
  });

  it(`is stopped while it is being started: it ends as soon as it is there ${verifies('managed-lifecycle')}`, async () => {
    const home = bed.home();
    const go = join(home.root, 'go');
    await runClaudex(['daemon', 'start'], { env: home.env() });
    const client = daemonClient(home);
    const program = fixture('dump-input.mjs');
    const starting = start(home, program, {
      NODE_OPTIONS: `--import=file://${fixture('host-waits.mjs')}`,
      HOST_GO: go,
    });
    await until(async () => (await client.managed()).length === 1);
    const [{ id }] = (await client.managed()) as [ManagedRecord];
    await client.changeManaged(id, 'stop');
    writeFileSync(`${go}-${processesOf(home, ' daemon host ')[0]}`, '');
    await starting;
    await until(async () => (await client.managed())[0]?.state === 'stopped');
    await until(() => processesOf(home, ' daemon host ').length === 0 && processesOf(home, program).length === 0);
  });

  it(`nothing is there twice: the error names who has that name already, and nothing changes ${verifies('managed-lifecycle')}`, async () => {
    const home = bed.home({ cwdNames: ['api', 'web'] });
    const env = { ...home.env(), CLAUDEX_CLAUDE_BIN: fixture('dump-input.mjs') };
    const started = (...words: string[]) => runClaudex(['start', ...words], { env, cwd: home.root });
    const first = await started(home.dir('api'), '--name', 'worker');
    expect(first).toMatchObject({ code: 0 });
    const id = first.stdout.trim();
    const client = daemonClient(home);
    const before = await client.managed();
    const twin = await started(home.dir('api'), '--name', 'Worker');
    expect(twin).toMatchObject({ code: 3, stdout: '', stderr: expect.stringContaining(id) });
    const namesake = await started(home.dir('web'), '--name', 'worker');
    expect(namesake).toMatchObject({ code: 3, stdout: '', stderr: expect.stringContaining(id) });
    expect((await client.managed()).map((one) => one.id)).toEqual(before.map((one) => one.id));
    await client.changeManaged(id, 'stop?now=true');
  });
});
