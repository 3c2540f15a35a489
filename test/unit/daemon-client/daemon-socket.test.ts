/** Where the claudex folder's path is too long for a socket, the socket is in a folder that anybody could have made first. */
import { chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { connectDaemon, ensureDaemon } from '../../../src/daemon-client/ensure-daemon.ts';
import { claudexPaths } from '../../../src/home/paths.ts';

describe('a socket outside the claudex folder', () => {
  function longHome() {
    const top = mkdtempSync(join(tmpdir(), 'cxt-'));
    onTestFinished(() => rmSync(top, { recursive: true, force: true }));
    const env = { HOME: top, XDG_RUNTIME_DIR: top, CLAUDEX_HOME: join(top, 'x'.repeat(100)) };
    return { top, env, socket: claudexPaths(env).socket };
  }

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
