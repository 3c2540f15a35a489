/** The built daemon on a system that fails it: no inotify, files of another shape, transcripts that cannot be opened, a torn journal. */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { verifies } from '../../requirements.ts';
import { repositoryRoot, runClaudex } from '../../support/claudex.ts';
import type { HermeticHome } from '../../support/hermetic-home.ts';
import { startSleeper } from '../../support/mcp-client.ts';
import { isAlive, processStartTime } from '../../support/processes.ts';
import { useTestBed } from '../../support/test-bed.ts';
import { waitForFile } from '../../support/wait-for-file.ts';

describe('daemon on a broken system', () => {
  const bed = useTestBed();
  const run = (home: HermeticHome, args: string[], extra: Record<string, string> = {}) =>
    runClaudex(args, { cwd: home.cwd, env: { ...home.env(), ...extra }, timeoutMs: 60_000 });
  const log = (home: HermeticHome): string => join(home.claudexHome, 'logs', 'daemon.log');

  /** Breaks what is named, in every process of ours that is given `env` (bench/chaos/broken-system.mjs). */
  function broken(home: HermeticHome, ...what: string[]): { env: Record<string, string>; mend(one: string): void } {
    const folder = join(home.root, 'broken');
    mkdirSync(folder, { recursive: true });
    for (const one of what) writeFileSync(join(folder, one), '');
    const preload = join(repositoryRoot, 'bench', 'chaos', 'broken-system.mjs');
    return {
      env: { CHAOS_BREAK: folder, NODE_OPTIONS: `--import ${preload}` },
      mend: (one) => rmSync(join(folder, one)),
    };
  }

  /** A process that claude's session file calls a session, in that folder. */
  function session(home: HermeticHome, name: string): string {
    const cwd = join(home.root, name);
    mkdirSync(cwd, { recursive: true });
    const pid = startSleeper();
    const dir = join(home.home, '.claude', 'sessions');
    mkdirSync(dir, { recursive: true });
    const sessionId = `00000000-0000-4000-8000-${String(pid).padStart(12, '0')}`;
    const file = {
      pid,
      sessionId,
      cwd,
      kind: 'interactive',
      status: 'idle',
      procStart: processStartTime(pid),
      version: '2.1.197',
    };
    writeFileSync(join(dir, `${pid}.json`), JSON.stringify(file));
    return cwd;
  }

  it(`no inotify left: it looks instead, and goes down whole ${verifies('daemon-comes-back')}`, async () => {
    const home = bed.home();
    const { env } = broken(home, 'inotify');
    const start = await run(home, ['daemon', 'start'], env);
    expect(start).toMatchObject({ code: 0, stderr: '' });
    const pid = /pid (\d+)/.exec(start.stdout)![1];
    expect(existsSync(join(home.claudexHome, 'daemon.lock'))).toBe(true);
    // a session that comes is seen
    session(home, 'api');
    await waitForFile(log(home), (text) => text?.includes('session started'));
    // its socket comes back
    rmSync(join(home.claudexHome, 'daemon.sock'));
    await waitForFile(log(home), (text) => text?.includes('listening anew'));
    expect((await run(home, ['daemon', 'start'], env)).stdout).toContain(`pid ${pid}`);
    expect((await run(home, ['daemon', 'stop'], env)).code).toBe(0);
    expect(readdirSync(home.claudexHome).filter((one) => /sock|addr|lock/.test(one))).toEqual([]);
    expect(readFileSync(log(home), 'utf8')).not.toContain('uncaught');
  });

  it.each(['{"sessions":{}}', '{"sessions":[null,{"id":3}]}', '[]', 'null'])(
    `sessions.json and names.json of another shape are set aside: %s`,
    async (text) => {
      const home = bed.home();
      mkdirSync(home.claudexHome, { mode: 0o700 });
      for (const name of ['sessions', 'names'])
        writeFileSync(join(home.claudexHome, `${name}.json`), text.replace('sessions', name));
      expect(await run(home, ['list'])).toMatchObject({ code: 0, stderr: '' });
      expect(existsSync(join(home.claudexHome, 'sessions.json.damaged'))).toBe(true);
      expect(existsSync(join(home.claudexHome, 'names.json.damaged'))).toBe(true);
      expect(readFileSync(log(home), 'utf8')).toContain('another shape');
    },
  );

  it(`a session whose transcript’s name is too long stops nobody ${verifies('accepted-on-disk')}`, async () => {
    const home = bed.home();
    const targets = [session(home, join('x'.repeat(140), 'y'.repeat(140))), session(home, 'api')];
    const pid = Number(/pid (\d+)/.exec((await run(home, ['daemon', 'start'])).stdout)![1]);
    for (const target of targets) {
      expect(await run(home, ['send', target, 'look'])).toMatchObject({ code: 0 });
    }
    expect(isAlive(pid)).toBe(true);
    expect((await run(home, ['daemon', 'stop'])).code).toBe(0);
    // the next one knows them all
    expect(await run(home, ['inbox', '--json'])).toMatchObject({ code: 0 });
    expect(JSON.parse((await run(home, ['inbox', '--json'])).stdout)).toHaveLength(2);
  });

  it(`a journal line that is torn and cannot be cut off loses nothing that was accepted ${verifies('accepted-on-disk')}`, async () => {
    const home = bed.home();
    session(home, 'api');
    const { env, mend } = broken(home);
    const send = (text: string, key: string) => run(home, ['send', 'api', '--key', key, text], env);
    expect((await send('first', 'k1')).code).toBe(0);
    writeFileSync(join(home.root, 'broken', 'cut'), '');
    const refused = await send('refused', 'k2');
    expect(refused).toMatchObject({ code: 3, stderr: expect.stringContaining('could not be written') });
    mend('cut');
    expect((await send('second', 'k3')).code).toBe(0);
    const pid = Number(JSON.parse((await run(home, ['daemon', 'status', '--json'], env)).stdout).pid);
    process.kill(pid, 'SIGKILL');
    const inbox = JSON.parse((await run(home, ['inbox', '--json', '--all'])).stdout) as Array<{ body: string }>;
    expect(inbox.map((one) => one.body)).toEqual(['first', 'second']);
  });

  it(`a socket elsewhere is found from any environment, and made again with its folder ${verifies('daemon-comes-back')}`, async () => {
    const home = bed.home();
    const runtime = join(home.root, 'run');
    const other = join(home.root, 'other');
    for (const dir of [runtime, other]) mkdirSync(dir);
    const long = { CLAUDEX_HOME: join(home.root, 'x'.repeat(120)) };
    const start = await run(home, ['daemon', 'start'], { ...long, XDG_RUNTIME_DIR: runtime });
    const pid = /pid (\d+)/.exec(start.stdout)![1];
    expect((await run(home, ['daemon', 'status'], { ...long, XDG_RUNTIME_DIR: other })).stdout).toContain(`pid ${pid}`);
    const address = readFileSync(join(long.CLAUDEX_HOME, 'daemon.addr'), 'utf8').trim();
    // in one step: between its file and itself the daemon would put the file back
    renameSync(join(address, '..'), join(home.root, 'away'));
    await waitForFile(address, () => existsSync(address));
    await waitForFile(join(long.CLAUDEX_HOME, 'logs', 'daemon.log'), (text) => text?.includes('listening anew'));
    expect((await run(home, ['daemon', 'start'], { ...long, XDG_RUNTIME_DIR: other })).stdout).toContain(`pid ${pid}`);
    expect(statSync(join(address, '..')).mode & 0o777).toBe(0o700);
    expect((await run(home, ['daemon', 'stop'], { ...long, XDG_RUNTIME_DIR: other })).code).toBe(0);
  });

  it(`home and runtime folder both too long for a socket: it is in /tmp ${verifies('private-home')}`, async () => {
    const home = bed.home();
    const env = { CLAUDEX_HOME: join(home.root, 'x'.repeat(120)), XDG_RUNTIME_DIR: join(home.root, 'y'.repeat(120)) };
    mkdirSync(env.XDG_RUNTIME_DIR);
    expect(await run(home, ['daemon', 'start'], env)).toMatchObject({ code: 0, stderr: '' });
    const address = readFileSync(join(env.CLAUDEX_HOME, 'daemon.addr'), 'utf8').trim();
    expect(address).toMatch(/^\/tmp\/claudex-\d+\//);
    expect((await run(home, ['daemon', 'stop'], env)).code).toBe(0);
    expect(existsSync(address)).toBe(false);
  });
});
