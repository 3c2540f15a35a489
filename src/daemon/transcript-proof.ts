/** Looks for messages' marks in their sessions' transcripts: what stands there has been put in. */
import { findAnswer, findMark, type MarkFound, transcriptSize } from '../claude/transcript.ts';
import { markOf } from '../delivery/attribution.ts';
import type { Message } from '../protocol/message.ts';
import type { Session } from './session-table.ts';

export class TranscriptProof {
  /** Where the transcript ended when a message was first leased: its mark cannot stand before that. */
  readonly #starts = new Map<string, { path: string; bytes: number }>();

  /** Call before a message is leased for the first time. */
  leaseBegins(session: Session, message: Message): void {
    const path = session.transcriptPath;
    // an earlier attempt (perhaps under an earlier daemon) may have left its mark anywhere
    if (path === null || message.attempts > 0) return;
    this.#starts.set(message.id, { path, bytes: transcriptSize(path) });
  }

  find(session: Session, message: Message): MarkFound | undefined {
    const path = session.transcriptPath;
    if (path === null) return undefined;
    const start = this.#starts.get(message.id);
    return findMark(path, markOf(message), start?.path === path ? start.bytes : 0);
  }

  /** What claude answered in the turn that the message started; undefined when that turn was cut short. */
  answer(session: Session, message: Message): string | undefined {
    return session.transcriptPath === null ? undefined : findAnswer(session.transcriptPath, markOf(message));
  }

  forget(messageId: string): void {
    this.#starts.delete(messageId);
  }
}
