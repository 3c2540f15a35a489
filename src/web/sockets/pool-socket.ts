/** `/ws`, in the words that clients of claude-pool know: all sessions first, then what changes. */
import type { WebSocket } from 'ws';
import type { WebEvent } from '../event-ring.ts';
import type { SessionFeed } from '../session-feed.ts';

/** Who has not read that much is let go; clients of claude-pool connect again and get everything. */
const maxBehindBytes = 8 * 1024 * 1024;

export async function poolSocket(socket: WebSocket, feed: SessionFeed): Promise<void> {
  const listener = ({ type, data }: WebEvent): void => {
    if (type === 'session') send(`{"type":"session_update",${data.slice(1)}`);
    else if (type === 'session_removed') {
      const { id } = JSON.parse(data) as { id: string };
      send(JSON.stringify({ type: 'session_removed', session_id: id, id }));
    }
  };
  const send = (text: string): void => {
    socket.send(text);
    if (socket.bufferedAmount > maxBehindBytes) socket.terminate();
  };
  // nothing can change between the two: the list is there
  const sessions = await feed.sessions();
  send(JSON.stringify({ type: 'sessions', sessions }));
  feed.ring.added.add(listener);
  socket.once('close', () => feed.ring.added.remove(listener));
}
