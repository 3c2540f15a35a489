/** One line of the journal, and what it makes of a message. Pure. */
import { isFinal, isSettled, type Message, type MessageState, type Route } from '../../protocol/message.ts';
import { addToHistory } from './message-history.ts';

export type JournalEntry =
  | { t: 'accept'; message: Message }
  | {
      t: 'state';
      id: string;
      state: MessageState;
      at: number;
      route?: Route;
      reason?: string;
      leaseDeadline?: number;
      /** With `leased`: the transcript its mark would come to stand in, when that is a new one. */
      transcriptFrom?: { path: string; bytes: number };
      /** With a retry by hand: where each transcript that may hold the mark of an earlier try ends by now. */
      transcriptsFrom?: Array<{ path: string; bytes: number }>;
      /** The lease that ends here may have put the message in all the same. */
      unproven?: boolean;
      promptId?: string;
      answer?: string;
      /** Another machine has said so; see `Message.rev`. */
      rev?: number;
      /** It is to be taken back there. */
      cancelling?: true;
      /** With `cancelled`: its sender was told that it was not accepted. There is no such message. */
      refused?: true;
    }
  | { t: 'recipient'; id: string; recipient: Message['recipient'] };

export type StateEntry = Extract<JournalEntry, { t: 'state' }>;

/** What an entry after its first one makes of a message. */
export function applyEntry(message: Message, entry: Exclude<JournalEntry, { t: 'accept' }>): void {
  if (entry.t === 'recipient') message.recipient = entry.recipient;
  else applyState(message, entry);
}

/** The same of a step. */
export function applyState(message: Message, entry: StateEntry): void {
  if (entry.state === 'queued' && isSettled(message.state)) startAfresh(message, entry);
  if (entry.unproven && message.route !== undefined) {
    const { route, attempts: lease, recipient } = message;
    message.unproven = [...(message.unproven ?? []), { route, lease, session: recipient.id }];
  }
  message.state = entry.state;
  if (entry.rev !== undefined) message.rev = entry.rev;
  else if (message.sender.machine !== undefined) message.rev = Math.max((message.rev ?? 0) + 1, entry.at);
  if (entry.cancelling) message.cancelling = true;
  else if (entry.state === 'delivered' || isFinal(entry.state)) delete message.cancelling;
  addToHistory(message.history, entry);
  if (entry.state === 'leased') message.attempts++;
  if (entry.state === 'queued' || entry.state === 'stuck') {
    delete message.route;
    delete message.promptId;
  }
  if (entry.route !== undefined) message.route = entry.route;
  if (entry.leaseDeadline !== undefined) message.leaseDeadline = entry.leaseDeadline;
  else delete message.leaseDeadline;
  if (entry.transcriptFrom !== undefined) {
    message.transcriptsFrom = [...(message.transcriptsFrom ?? []), entry.transcriptFrom];
  }
  if (entry.transcriptsFrom !== undefined) message.transcriptsFrom = entry.transcriptsFrom;
  if (entry.promptId !== undefined) message.promptId = entry.promptId;
  if (entry.answer !== undefined) message.answer = entry.answer;
  if (entry.reason !== undefined) message.reason = entry.reason;
  else delete message.reason;
}

/** A retry by hand: now, and what was tried before counts no more. */
function startAfresh(message: Message, { at }: StateEntry): void {
  delete message.expiresAt;
  delete message.notBefore;
  delete message.delayMs;
  delete message.unproven;
  message.retriedAt = at;
}
