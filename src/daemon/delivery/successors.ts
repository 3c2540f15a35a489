/** Whose a message is when its session ends, and when the next one starts in that folder. */

import { transcriptSize } from '../../claude/transcript/marks.ts';
import { isFinal, isSettled, type Message } from '../../protocol/message.ts';
import type { MessageStore } from '../messages/message-store.ts';
import type { Session } from '../sessions/session.ts';
import type { SessionTable } from '../sessions/session-table.ts';
import { mayBeIn, stuckBecause } from './retry-rules.ts';
import { findProofAnywhere, findTurnAnswer, hasTranscript, newPlace, transcriptEnds } from './transcript-proof.ts';

export class Successors {
  readonly #table: SessionTable;
  readonly #store: MessageStore;
  readonly #comesBack: (id: string) => boolean;

  /** `comesBack`: is the session of that id a managed one, whose messages wait for itself? */
  constructor(table: SessionTable, store: MessageStore, comesBack: (id: string) => boolean) {
    this.#table = table;
    this.#store = store;
    this.#comesBack = comesBack;
  }

  /** What waited for a session to start in that folder is now for this one. */
  adopt(session: Session): void {
    for (const message of this.#store.mailbox.homeless()) {
      if (message.recipient.cwd === session.cwd) this.#readdress(message, session);
    }
  }

  /**
   * The session of an open message has ended; `gone` is its record, where one is known.
   * @returns whose the message is now, if anybody's
   */
  orphan(message: Message, gone?: Session): Session | undefined {
    const { id, route } = message;
    // nobody may have been there to see that it went in, or which transcript its claude went on in
    const proof = mayBeIn(message) && message.state !== 'delivered' ? findProofAnywhere(gone, message) : undefined;
    if (proof === 'unreadable') {
      this.#store.move(id, {
        state: 'stuck',
        reason: 'the session ended, and a transcript could not be read',
        unproven: true,
      });
      return undefined;
    }
    if (proof) {
      const place = newPlace(message, proof.path);
      this.#store.move(id, { state: 'delivered', ...(route !== undefined && { route }), ...place });
    }
    if (message.state === 'delivered') return this.#endTurn(message, gone, proof?.path);
    if (message.state === 'leased') this.#endLease(message, gone);
    // a person decides about it, where it is
    if (message.state === 'stuck') return undefined;
    if (message.recipient.id !== null && this.#comesBack(message.recipient.id)) return undefined;
    // the next session of that folder may have started before this one was missed
    return this.#readdress(message, this.#table.successorOf(message.recipient.cwd, gone));
  }

  /** The managed session of that id is no more: what waited for it is for nobody else. */
  forgotten(id: string): void {
    for (const message of this.#store.mailbox.openFor(id)) {
      if (message.state === 'queued') {
        this.#store.move(message.id, { state: 'failed', reason: 'its session was forgotten (claudex forget)' });
      }
    }
  }

  /** After a restart: what was for sessions that nobody knows any more, or for nobody, is for who is there now. */
  restore(): void {
    for (const message of this.#store.mailbox.all()) {
      // the word of its new recipient may not have reached the disk
      this.bringHome(message);
    }
  }

  /**
   * A message whose session is not there, or that waits for one, is for who is there now: while it was on its way to the disk, its
   * session may have ended, or the one that it is held for may have started.
   * @returns whose it is now
   */
  bringHome(message: Message): Message['recipient'] {
    if (isFinal(message.state) || message.recipient.machine !== undefined) return message.recipient;
    if (message.recipient.id === null) this.#findHome(message);
    else if (!this.#table.byId(message.recipient.id)) this.orphan(message);
    return message.recipient;
  }

  /** Takes a message back that has not been delivered. False when its state does not allow that. */
  cancel({ id, state }: Message): boolean {
    return (state === 'queued' || state === 'stuck') && this.#store.move(id, { state: 'cancelled' });
  }

  /**
   * An ended or stuck message is to be tried again, whatever the transcripts say of earlier tries; one that was stuck and is found
   * in them by now is delivered instead. False when it was answered, or has not ended.
   */
  retry(message: Message): boolean {
    const { id, state } = message;
    if (!isSettled(state) || state === 'answered') return false;
    const session = this.#findHome(message);
    const proof = state === 'stuck' ? findProofAnywhere(session, message) : undefined;
    // where a transcript cannot be read, the person knows better
    if (proof && proof !== 'unreadable') {
      const route = message.unproven?.at(-1)?.route;
      const { promptId } = proof;
      return this.#store.move(id, { state: 'delivered', ...(route && { route }), ...(promptId && { promptId }) });
    }
    const transcriptsFrom = transcriptEnds(session, message);
    return this.#store.move(id, { state: 'queued', reason: 'retried by hand', transcriptsFrom });
  }

  /**
   * A turn whose session has ended: it came to its end before that, or it goes on in a fork (the agents view), which is a session of
   * its own.
   */
  #endTurn(message: Message, gone: Session | undefined, path: string | undefined): Session | undefined {
    const fork = this.#table.all().find((one) => one.id !== gone?.id && one.transcriptPath === path);
    const answer = findTurnAnswer(gone, message);
    if (answer !== undefined) this.#store.move(message.id, { state: 'answered', answer });
    else if (path !== undefined && fork) return this.#readdress(message, fork);
    else this.#store.move(message.id, { state: 'failed', reason: 'the session ended before its turn did' });
    return undefined;
  }

  /** A dead session's transcript is whole: what it does not have did not go in. Where it has none, nobody knows. */
  #endLease(message: Message, gone: Session | undefined): void {
    const isOut = gone ? hasTranscript(gone) : message.transcriptsFrom?.some((one) => transcriptSize(one.path) > 0);
    const stuckReason = isOut ? undefined : stuckBecause(message, message.route!, { hooks: true, transcript: true });
    this.#store.move(message.id, {
      state: stuckReason === undefined ? 'queued' : 'stuck',
      reason: stuckReason ?? 'the session ended',
      ...(!isOut && { unproven: true }),
    });
  }

  /** Its own session, or whoever sits in its folder. */
  #findHome(message: Message): Session | undefined {
    const { id, cwd } = message.recipient;
    const own = id === null ? undefined : this.#table.byId(id);
    if (!own && id !== null && this.#comesBack(id)) return undefined;
    return own ?? this.#readdress(message, this.#table.successorOf(cwd, undefined));
  }

  #readdress(message: Message, session: Session | undefined): Session | undefined {
    const id = session?.id ?? null;
    if (message.recipient.id !== id) this.#store.readdress(message.id, { ...message.recipient, id });
    return session;
  }
}
