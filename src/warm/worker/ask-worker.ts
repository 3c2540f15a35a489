/**
 * One question to the worker. On the way of every `claudex prompt`: loads node:net and nothing of ours that loads more.
 */
import { lstatSync } from 'node:fs';
import { connect } from 'node:net';
import type { WorkerReply, WorkerRequest } from './worker-protocol.ts';

/**
 * `absent`: nobody has taken the question. `broken-off`: the worker has begun and went away before its last word. `silent`: it
 * said nothing at all in the time given.
 */
export type Asked = 'answered' | 'absent' | 'broken-off' | 'silent';

/**
 * Sends `ask` and hands each line of the answer to `onSay`.
 * @param patienceMs for its first word, which comes at once but for `drain`
 * @throws when the socket is not ours
 */
export function askWorker(
  socketPath: string,
  ask: WorkerRequest,
  onSay: (say: WorkerReply) => void,
  patienceMs?: number,
): Promise<Asked> {
  try {
    const stat = lstatSync(socketPath);
    if (!stat.isSocket() || stat.uid !== process.getuid?.()) throw new Error(`${socketPath} is not a socket of ours`);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return Promise.resolve('absent');
    return Promise.reject(error);
  }
  return new Promise((resolve, reject) => {
    let rest = '';
    let complete = false;
    let begun = false;
    let silent = false;
    const socket = connect(socketPath, () => socket.write(`${JSON.stringify(ask)}\n`));
    const giveUp = (): void => {
      silent = true;
      socket.destroy();
    };
    const timer = patienceMs === undefined ? undefined : setTimeout(giveUp, patienceMs);
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => {
      begun = true;
      clearTimeout(timer);
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const say = JSON.parse(line) as WorkerReply;
        if ('begun' in say) continue;
        if (!('out' in say) && !('err' in say)) complete = true;
        onSay(say);
      }
      if (complete) socket.destroy();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      // nobody there, or it went before it had read the question
      if (!['ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE'].includes(error.code ?? '')) reject(error);
    });
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(complete ? 'answered' : begun ? 'broken-off' : silent ? 'silent' : 'absent');
    });
  });
}
