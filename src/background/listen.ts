/** Listening on a unix socket that may have been left behind by somebody who is dead. */
import { chmodSync, existsSync, rmSync } from 'node:fs';
import { connect, type Server } from 'node:net';
import { ClaudexError } from '../errors/claudex-error.ts';

/** A killed process is a zombie, which is dead, while its last thread still holds the socket. */
const dyingMs = 500;

/**
 * Makes sure that nobody listens on the socket's path.
 * @throws ClaudexError DAEMON_START_FAILED
 */
export async function refuseLiveSocket(path: string): Promise<void> {
  for (let waitedMs = 0; existsSync(path) && (await answers(path)); waitedMs += 50) {
    if (waitedMs >= dyingMs) throw new ClaudexError('DAEMON_START_FAILED', `Something else listens on ${path}.`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Listens on the socket's path; a stale socket (nobody answers) is removed first, a live one is left alone. */
export async function listen(server: Server, path: string): Promise<void> {
  await refuseLiveSocket(path);
  rmSync(path, { force: true });
  await listenOn(server, path);
}

/** Listens on a path where nothing stands. A failure later on is not this one's. @throws the system's error */
export async function listenOn(server: Server, path: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => {
      server.off('error', reject);
      resolve();
    });
  });
  chmodSync(path, 0o600);
}

/** Alive means it answers: connect, don't stat. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const end = (alive: boolean): void => {
      socket.destroy();
      resolve(alive);
    };
    socket.setTimeout(1000, () => end(true));
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });
}
