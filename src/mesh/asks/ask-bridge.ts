/** Asks another machine by way of this one's bridge. For commands: loads nothing of NATS. */
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { ClaudexError, systemErrorCode } from '../../errors/claudex-error.ts';
import { claudexPaths } from '../../home/paths.ts';
import { steadyNow } from '../../process/clock.ts';
import { bridgeRuns } from '../start-bridge.ts';
import { type Ask, askTakesMs, maxReplyBytes } from './ask.ts';

/** A bridge that has just been started listens by then. */
const bridgeListensMs = 3000;
const maxBytes = 4 * maxReplyBytes;

/** @returns what the machine, or the bridge, has said: still to be checked. @throws ClaudexError MESH_BRIDGE_GONE, MESH_MACHINE_AWAY */
export async function askBridge(env: NodeJS.ProcessEnv, machine: string, ask: Ask): Promise<unknown> {
  const text = JSON.stringify({ machine, ask });
  const { meshSocket } = claudexPaths(env);
  for (const until = steadyNow() + bridgeListensMs; ; await delay(50)) {
    try {
      return JSON.parse(await exchange(meshSocket, text));
    } catch (error) {
      const isGone = ['ENOENT', 'ECONNREFUSED'].includes(systemErrorCode(error) ?? '');
      if (!isGone) {
        if (error instanceof ClaudexError) throw error;
        throw new ClaudexError('MESH_BRIDGE_GONE', `${(error as Error).message}.`, { cause: error });
      }
      if (!bridgeRuns(env) || steadyNow() > until) throw new ClaudexError('MESH_BRIDGE_GONE', '', { cause: error });
    }
  }
}

function exchange(path: string, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path, allowHalfOpen: true });
    const chunks: Buffer[] = [];
    let bytes = 0;
    const fail = (error: Error): void => {
      socket.destroy();
      reject(error);
    };
    // the bridge itself gives up before that
    socket.setTimeout(askTakesMs + 5000, () => fail(new ClaudexError('MESH_MACHINE_AWAY', 'No answer in time.')));
    socket.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > maxBytes) fail(new ClaudexError('MESH_BAD_REPLY', 'It is too long.'));
      else chunks.push(chunk);
    });
    socket.once('error', fail);
    socket.once('end', () => {
      socket.end();
      resolve(Buffer.concat(chunks).toString('utf8'));
    });
    socket.write(text);
    socket.end();
  });
}
