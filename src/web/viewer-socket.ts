/** Where viewers of a session connect. */
import type { AnySession } from '../daemon-client/every-session.ts';
import { ClaudexError } from '../errors/claudex-error.ts';
import { stateInWords } from '../protocol/managed.ts';
import type { SessionFeed } from './session-feed.ts';

/**
 * The socket of a managed session's host; the `claudex` of a session in somebody's terminal is asked to take viewers.
 * @throws ClaudexError NOT_RUNNING, NOT_ATTACHABLE, HOST_UNREACHABLE
 */
export async function viewerSocket(feed: SessionFeed, { id }: AnySession): Promise<string> {
  const record = feed.managed(id);
  if (!record) return (await feed.client()).takeViewers(id);
  if (record.state === 'running' || record.state === 'starting') return record.socket;
  throw new ClaudexError('NOT_RUNNING', `It is ${stateInWords(record)}.`);
}
