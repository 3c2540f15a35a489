/**
 * One question to the worker. On the way of every `claudex prompt`: loads node:net and nothing of ours that loads more.
 */
import { lstatSync } from 'node:fs';
import { connect } from 'node:net';
import type { WorkerAsk, WorkerSay } from './worker-words.ts';

/**
 * Sends `ask` and hands each line of the answer to `onSay`.
 * @returns false when no worker listens there; true once the answer is complete
 * @throws when the worker goes away in the middle of its answer, or the socket is not ours
 */
export function askWorker(socketPath: string, ask: WorkerAsk, onSay: (say: WorkerSay) => void): Promise<boolean> {
  try {
    const stat = lstatSync(socketPath);
    if (!stat.isSocket() || stat.uid !== process.getuid?.()) throw new Error(`${socketPath} is not a socket of ours`);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return Promise.resolve(false);
    return Promise.reject(error);
  }
  return new Promise((resolve, reject) => {
    let rest = '';
    let complete = false;
    let answered = false;
    const socket = connect(socketPath, () => socket.write(`${JSON.stringify(ask)}\n`));
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => {
      answered = true;
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const say = JSON.parse(line) as WorkerSay;
        if (!('out' in say) && !('err' in say)) complete = true;
        onSay(say);
      }
      if (complete) socket.destroy();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      // nobody there, or it went before it had read the question
      if (!answered && ['ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE'].includes(error.code ?? '')) resolve(false);
      else reject(error);
    });
    socket.on('close', () => {
      if (complete) resolve(true);
      else if (answered) reject(new Error('the worker went away in the middle of its answer'));
      else resolve(false);
    });
  });
}
