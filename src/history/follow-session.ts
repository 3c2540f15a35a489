/** A conversation as it goes on: its last turns, then each step as it comes, over /clear into the next conversation. */
import { type FoldListener, type TextShape, TurnFold } from '../claude/transcript/fold-turns.ts';
import { type TranscriptTail, tailTranscript } from '../claude/transcript/tail.ts';
import { indexTurns } from '../claude/transcript/turn-index.ts';
import type { DaemonEvent } from '../protocol/wire.ts';
import type { Conversation } from './find-conversation.ts';

export interface FollowListener extends FoldListener {
  /** The session has begun another conversation (/clear, /resume). */
  onConversation?(sessionId: string): void;
}

export interface FollowedSession {
  /** Tell it what the daemon tells. @returns false once the session is gone */
  onEvent(event: DaemonEvent): boolean;
  close(): void;
}

/** @param options `last`: how many of the turns that are there already are told first; at least one, it may be running */
export function followSession(
  conversation: Conversation,
  listener: FollowListener,
  options: { last: number; shape: TextShape },
): FollowedSession {
  let path = conversation.path;
  let { fold, tail } = start(path, listener, options);
  tail.look();
  return {
    onEvent: (event) => {
      if (event.type !== 'session' || event.session.id !== conversation.live?.id) return true;
      const { session } = event;
      if (session.state === 'gone') {
        tail.look();
        fold.end();
        return false;
      }
      if (session.sessionId === null || session.transcriptPath === null || session.transcriptPath === path) return true;
      tail.look();
      fold.end();
      tail.close();
      path = session.transcriptPath;
      listener.onConversation?.(session.sessionId);
      ({ fold, tail } = start(path, listener, { ...options, last: 1 }));
      tail.look();
      return true;
    },
    close: () => tail.close(),
  };
}

function start(
  path: string,
  listener: FoldListener,
  { last, shape }: { last: number; shape: TextShape },
): { fold: TurnFold; tail: TranscriptTail } {
  const starts = indexTurns(path);
  const before = Math.max(1, starts.length - Math.max(1, last) + 1);
  const fold = new TurnFold(listener, { shape, nextIndex: before });
  const tail = tailTranscript(path, before === 1 ? 0 : starts[before - 1]!, (record) => fold.push(record));
  return { fold, tail };
}
