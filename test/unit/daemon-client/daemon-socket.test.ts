/** CLAUDEX_HOME may be a folder that anybody could have made first; where its path is too long for a socket, so may the socket's. */
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { connectDaemon, ensureDaemon } from '../../../src/daemon-client/ensure-daemon.ts';
import { claudexPaths } from '../../../src/home/paths.ts';
import { configFileProblem, readSettings } from '../../../src/settings/read.ts';

/** Somebody else's daemon; says what it was asked. */
async function strangerListens(path: string): Promise<string[]> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.end('{"version":"99.0.0","pid":1}');
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  onTestFinished(() => new Promise((resolve) => server.close(() => resolve())));
  return asked;
}

describe('a socket outside the claudex folder', () => {
  function longHome() {
    const top = mkdtempSync(join(tmpdir(), 'cxt-'));
    onTestFinished(() => rmSync(top, { recursive: true, force: true }));
    const env = { HOME: top, XDG_RUNTIME_DIR: top, CLAUDEX_HOME: join(top, 'x'.repeat(100)) };
    return { top, env, socket: claudexPaths(env).socket };
  }

  it('in a folder of ours is taken', async () => {
    const { env, socket } = longHome();
    mkdirSync(dirname(socket), { mode: 0o700 });
    const asked = await strangerListens(socket);
    expect((await connectDaemon(env))?.socketPath).toBe(socket);
    expect(asked).toEqual(['GET /v1/status']);
  });

  it('in a folder that is a link is asked nothing', async () => {
    const { top, env, socket } = longHome();
    const theirs = join(top, 'theirs');
    mkdirSync(theirs, { mode: 0o700 });
    const asked = await strangerListens(join(theirs, basename(socket)));
    symlinkSync(theirs, dirname(socket));
    for (const connect of [connectDaemon, ensureDaemon]) {
      await expect(connect(env)).rejects.toMatchObject({ code: 'HOME_NOT_PRIVATE' });
    }
    expect(asked).toEqual([]);
  });

  it.runIf(process.getuid?.() === 0)('in a folder of another user is asked nothing', async () => {
    const { env, socket } = longHome();
    mkdirSync(dirname(socket), { mode: 0o700 });
    chownSync(dirname(socket), 12345, 12345);
    const asked = await strangerListens(socket);
    await expect(connectDaemon(env)).rejects.toMatchObject({ code: 'HOME_NOT_PRIVATE' });
    expect(asked).toEqual([]);
  });
});

describe('a claudex folder that somebody else has made', () => {
  function place() {
    const home = mkdtempSync(join(tmpdir(), 'cxt-'));
    onTestFinished(() => rmSync(home, { recursive: true, force: true }));
    const env = { HOME: home, CLAUDEX_HOME: home };
    return { home, env, socket: claudexPaths(env).socket };
  }

  it.runIf(process.getuid?.() === 0)('is not looked for a daemon, nor is a socket of theirs in our own', async () => {
    for (const whose of ['home', 'socket'] as const) {
      const { home, env, socket } = place();
      const asked = await strangerListens(socket);
      chownSync(whose === 'home' ? home : socket, 12345, 12345);
      for (const connect of [connectDaemon, ensureDaemon]) {
        await expect(connect(env)).rejects.toMatchObject({ code: 'HOME_NOT_PRIVATE' });
      }
      expect(asked).toEqual([]);
    }
  });

  it('is closed to others before a daemon in it is asked', async () => {
    const { home, env, socket } = place();
    chmodSync(home, 0o777);
    await strangerListens(socket);
    expect((await connectDaemon(env))?.socketPath).toBe(socket);
    expect(statSync(home).mode & 0o777).toBe(0o700);
  });

  it.runIf(process.getuid?.() === 0)('says nothing of which program claude is', () => {
    const { home, env } = place();
    const config = join(home, 'config.json');
    writeFileSync(config, '{"claude":{"path":"/theirs"}}');
    expect(readSettings(env).values['claude.path']).toBe('/theirs');
    chownSync(config, 12345, 12345);
    expect(readSettings(env).values['claude.path']).toBeNull();
    expect(configFileProblem(config)).toContain('belongs to uid 12345');
  });
});
