/** Claude's own per-session inbox socket (since 2.1.224, docs/claude-facts.md#ways-in): one JSON line in, nothing back. */
import { lstatSync } from 'node:fs';
import { connect } from 'node:net';

/** The frame that puts `text` into the session as a peer's message. */
export function inboxFrame(text: string): string {
  return `${JSON.stringify({ type: 'user', message: { role: 'user', content: text } })}\n`;
}

/**
 * Writes one frame. Resolves when the bytes have been handed over, which proves nothing about delivery.
 * @throws when it is certain that nothing was handed over: the socket is not ours, is gone, or nobody takes the call
 * within `timeoutMs`. Once connected, claude may have read what it will: no error then, proof or no proof tells.
 */
export async function writeToInbox(path: string, text: string, timeoutMs = 2000): Promise<void> {
  const stat = lstatSync(path);
  if (!stat.isSocket() || stat.uid !== process.getuid?.()) throw new Error(`${path} is not a socket of ours`);
  await new Promise<void>((resolve, reject) => {
    const socket = connect(path);
    socket.setTimeout(timeoutMs, () => socket.destroy(new Error('inbox socket: no answer')));
    socket.once('error', reject);
    socket.once('connect', () => {
      socket
        .off('error', reject)
        .once('close', resolve)
        .on('error', () => undefined);
      socket.end(inboxFrame(text));
    });
    socket.once('finish', () => {
      socket.setTimeout(0);
      resolve();
    });
    socket.resume();
  });
}
