/** A viewer of a managed session through the daemon: for programs that can reach its socket and not the hosts'. */
import { request } from 'node:http';
import type { Duplex } from 'node:stream';
import { ClaudexError } from '../errors/claudex-error.ts';
import { framesUpgrade } from '../protocol/frames.ts';
import { errorFrom } from './read-answer.ts';

const connectTakesMs = 10_000;

/** Frames of `protocol/frames.ts` both ways; the viewer's hello comes first. @throws ClaudexError NO_SUCH_MANAGED, HOST_UNREACHABLE, DAEMON_UNREACHABLE */
export function attachManaged(socketPath: string, id: string): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const asked = request({
      socketPath,
      path: `/v1/managed/${encodeURIComponent(id)}/attach`,
      headers: { connection: 'Upgrade', upgrade: framesUpgrade },
    });
    const timer = setTimeout(() => asked.destroy(new Error('no answer in time')), connectTakesMs);
    asked.once('close', () => clearTimeout(timer));
    asked.once('upgrade', (_response, socket, head) => {
      clearTimeout(timer);
      if (head.length > 0) socket.unshift(head);
      resolve(socket);
    });
    asked.once('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.once('end', () => reject(errorFrom(text)));
    });
    asked.once('error', (cause) => reject(new ClaudexError('DAEMON_UNREACHABLE', `${cause.message}.`, { cause })));
    asked.end();
  });
}
