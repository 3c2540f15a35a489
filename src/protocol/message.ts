/** One message on its way into a session, and the states it passes through. */

export const messageStates = [
  'queued',
  /** On its way to another machine, which has not said yet that it has it. */
  'sent',
  /** That machine has it on its disk; what becomes of it there comes back. */
  'arrived',
  'leased',
  'stuck',
  'delivered',
  'answered',
  'failed',
  'expired',
  'cancelled',
] as const;
export type MessageState = (typeof messageStates)[number];

export const routes = ['paste', 'inbox-socket', 'wake', 'turn-end', 'next-prompt', 'inbox-read'] as const;
/** A way into a session; see docs/delivery.md. */
export type Route = (typeof routes)[number];

/** A task starts a turn; a note stays silent until the next prompt or task. */
export type MessageKind = 'task' | 'note';

/** Who speaks: the user at a shell speaks as the user; another session or program speaks as a peer. */
export interface Sender {
  kind: 'user' | 'peer';
  /** Shown in the attribution line. */
  label: string;
  /** The session that speaks, where one does: answers can go back to it. */
  id?: string;
  /** The folder a program speaks from, for the setting `peers.allow`. */
  cwd?: string;
  /** The other machine that it has come from. */
  machine?: string;
}

/** The session a message is for. `id` is null while it waits for a session to start in `cwd`. */
export interface Recipient {
  id: string | null;
  name: string;
  cwd: string;
  /** It is there. `id` is null then, and name and folder are what that machine has said last. */
  machine?: string;
  /** What was asked for there, as the sender has written it. */
  target?: string;
}

/** Which messages wait in one line: those of a session, those for another machine, those that wait for a session to start (''). */
export function queueOf({ id, machine }: Recipient): string {
  return machine === undefined ? (id ?? '') : `@${machine}`;
}

export interface StateChange {
  state: MessageState;
  /** Milliseconds since the epoch. */
  at: number;
  route?: Route;
  reason?: string;
  /** How often this has happened, when it has happened again and again; `at` is then the first time. Absent: once. */
  times?: number;
  /** The last of those times. */
  lastAt?: number;
}

/** A lease that ended without proof, and without certainty that nothing had gone in. */
export interface UnprovenTry {
  route: Route;
  /** Which lease of the message it was. */
  lease: number;
  /** The session it was for. */
  session: string | null;
}

export interface Message {
  /** `m` and fifteen characters; also the mark that proves delivery. */
  id: string;
  recipient: Recipient;
  kind: MessageKind;
  /** `idle`: wait for the end of the turn. `now`: may go in mid-turn. */
  when: 'idle' | 'now';
  sender: Sender;
  body: string;
  /** Only this route may carry it. */
  forcedRoute?: Route;
  replyTo?: string;
  /** How many messages between sessions came before it, each sent in the turn that the last one started. Absent: none. */
  hops?: number;
  /** Idempotency key: a second send with the same key gets this message. */
  key?: string;
  /** Milliseconds since the epoch; not before this time. */
  notBefore?: number;
  /** `notBefore` was given as a delay: it moves along when the time of day is set back. */
  delayMs?: number;
  /** Milliseconds since the epoch; given up if not delivered by then. */
  expiresAt?: number;
  acceptedAt: number;
  /**
   * Between machines. Of a message that has come from one: grows with each change of its state here (the time of day, where that has
   * grown, so that what a power cut has taken does not come again). Of one that was sent to one: that of what is known of it.
   */
  rev?: number;
  /** It is to be taken back, which the other machine has not said yet. */
  cancelling?: true;
  state: MessageState;
  /** The route of the current lease or of the delivery. */
  route?: Route;
  /** While leased: milliseconds since the epoch when the lease runs out unproven. */
  leaseDeadline?: number;
  /** Every transcript its mark may stand in, and where each ended before the first lease there. */
  transcriptsFrom?: Array<{ path: string; bytes: number }>;
  /** How many leases it has had. */
  attempts: number;
  /** Its tries that may have gone in all the same, since it was accepted or last retried by hand. Absent: none. */
  unproven?: UnprovenTry[];
  /** When it was last retried by hand, in milliseconds since the epoch: what transcripts say of before is of an earlier try. */
  retriedAt?: number;
  /** Claude's prompt_id of the turn it started or joined. */
  promptId?: string;
  /** The last assistant message of that turn. */
  answer?: string;
  /** Why it failed, expired or went back to the queue. */
  reason?: string;
  history: StateChange[];
}

/** A message in a list: the beginnings of its texts, and how long they are. */
export interface MessageSummary extends Message {
  bodyChars: number;
  answerChars?: number;
}

/** How much of a text a list shows. */
const summaryChars = 500;

/** A message as lists show it. */
export function summaryOf(message: Message): MessageSummary {
  const { body, answer } = message;
  return {
    ...message,
    body: beginning(body),
    bodyChars: body.length,
    ...(answer !== undefined && { answer: beginning(answer), answerChars: answer.length }),
  };
}

function beginning(text: string): string {
  return text.length <= summaryChars ? text : text.slice(0, summaryChars).toWellFormed();
}

/** What one reading of an inbox hands over, at most, in characters; a single longer message becomes a pointer. */
export const maxDrainChars = 10_000;

/** Largest body in bytes of UTF-8. */
export const maxBodyBytes = 256 * 1024;

/** States in which a message has ended. */
export function isFinal(state: MessageState): boolean {
  return state === 'answered' || state === 'failed' || state === 'expired' || state === 'cancelled';
}

/** True when nothing more happens to a message by itself: it has ended, or a person has to decide about it. */
export function isSettled(state: MessageState): boolean {
  return isFinal(state) || state === 'stuck';
}
