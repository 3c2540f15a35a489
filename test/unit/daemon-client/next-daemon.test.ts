/** Who only looks on does not bring back a daemon that a person has stopped. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { daemonUnlessStopped, holdStopped, nextDaemon } from '../../../src/daemon-client/ensure-daemon.ts';
import { claudexPaths } from '../../../src/home/paths.ts';
import { ensurePrivateDir } from '../../../src/home/private-folder.ts';

describe('a daemon that was stopped', () => {
  it('is waited for by who looks on, and started by somebody else', async () => {
    const home = mkdtempSync(join(tmpdir(), 'cxt-'));
    onTestFinished(() => rmSync(home, { recursive: true, force: true }));
    const env = { HOME: home, CLAUDEX_HOME: join(home, 'c') };
    const { socket, lock } = claudexPaths(env);
    ensurePrivateDir(env.CLAUDEX_HOME);
    holdStopped(env);
    expect(await daemonUnlessStopped(env)).toBeUndefined();

    const next = nextDaemon(env);
    const server = createServer((_request, response) => response.end('{"version":"99.0.0","pid":1}'));
    await new Promise<void>((resolve) => server.listen(socket, resolve));
    onTestFinished(() => new Promise((resolve) => server.close(() => resolve())));
    expect((await next).socketPath).toBe(socket);
    // a daemon of ours would have taken its lock
    expect(existsSync(lock)).toBe(false);
  });
});
