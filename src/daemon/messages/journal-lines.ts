/** The journal's lines. What the index needs to know of one is taken from its two ends where they tell: a journal of gigabytes is not parsed to start a daemon. */
import { ClaudexError } from '../../errors/claudex-error.ts';
import { isFinal, type MessageState, messageStates } from '../../protocol/message.ts';
import type { JournalEntry } from './journal-entry.ts';

/** The first line of a journal. */
export const journalHeader = { journal: 'claudex', version: 1 };

/** Where the words before a message's body end, in all but made-up messages. */
const headBytes = 2048;
/** What comes after a body that has just been accepted; most of it a key. */
const tailBytes = 32 << 10;

/** What the index keeps of a line. */
export type LineHead =
  | { t: 'accept'; id: string; to: string | null; from?: string; key?: string; endedAt?: number }
  | { t: 'state'; id: string; state: MessageState; at: number; refused?: boolean }
  | { t: 'recipient'; id: string; to: string | null };

/** One line as an entry. @returns undefined when it is no entry that can be applied without harm, 'header' for the first line */
export function parseLine(text: string): JournalEntry | 'header' | undefined {
  try {
    const value = JSON.parse(text) as JournalEntry | typeof journalHeader;
    if ('journal' in value) return assertVersion(value.version);
    return isEntry(value) ? value : undefined;
  } catch (error) {
    if (error instanceof ClaudexError) throw error;
    return undefined; // bit rot, or torn in the middle of the file
  }
}

function assertVersion(version: number): 'header' {
  if (version <= journalHeader.version) return 'header';
  throw new ClaudexError(
    'DAEMON_START_FAILED',
    `The journal has format ${version}; this claudex knows ${journalHeader.version}.`,
  );
}

/** A line that bit rot has left as JSON must not keep the daemon from starting. */
function isEntry(value: JournalEntry): boolean {
  if (value.t === 'accept') {
    const { message } = value;
    const isWhole = typeof message?.id === 'string' && typeof message.body === 'string' && !!message.recipient;
    return isWhole && Array.isArray(message.history);
  }
  if (value.t === 'recipient') return typeof value.id === 'string' && typeof value.recipient?.cwd === 'string';
  return value.t === 'state' && typeof value.id === 'string';
}

const acceptHead =
  /^\{"t":"accept",(?:"endedAt":(\d+),)?(?:"key":("(?:[^"\\]|\\.)*"),)?"message":\{"id":"([^"\\]+)","recipient":\{"id":(?:null|"([^"\\]*)"),/;
const senderOf = /"sender":\{"kind":"\w+","label":"(?:[^"\\]|\\.)*"(?:,"id":"([^"\\]+)")?[,}]/;
const acceptedJustNow = /"state":"queued","attempts":0,"history":\[\{"state":"queued","at":\d+\}\]\}\}$/;
const stateStart = Buffer.from('{"t":"state","id":"');
const acceptStart = Buffer.from('{"t":"accept","message":{"id":"');
const atStart = Buffer.from('","at":');
const wordStart = Buffer.from(',"state":"');
const stateWords = messageStates.map((state) => Buffer.from(`${state}"`));
const quote = 0x22;

/** True when the line, if it is one of ours, is an `accept`. */
export function isAcceptLine(buffer: Buffer, start: number): boolean {
  return buffer[start + 6] === 0x61;
}

/** The id, where the line begins as nearly all do. */
export function idIn(buffer: Buffer, start: number, end: number): string | undefined {
  const idStart = start + (isAcceptLine(buffer, start) ? acceptStart : stateStart).length;
  const idEnd = endOfId(buffer, start, end);
  return idEnd === undefined ? undefined : latin1(buffer, idStart, idEnd);
}

/** Bytes are compared one by one: a call out of the engine costs more. */
function endOfId(buffer: Buffer, start: number, end: number): number | undefined {
  const words = isAcceptLine(buffer, start) ? acceptStart : stateStart;
  if (!standsAt(buffer, start, words)) return undefined;
  for (let at = start + words.length; at < end; at++) {
    const byte = buffer[at]!;
    if (byte === quote) return at;
    if (byte > 0x7f || byte === 0x5c) return undefined;
  }
  return undefined;
}

function standsAt(buffer: Buffer, start: number, words: Buffer): boolean {
  for (let at = 0; at < words.length; at++) if (buffer[start + at] !== words[at]) return false;
  return true;
}

/** What the index keeps of a line. @throws ClaudexError DAEMON_START_FAILED for a journal of a newer format */
export function readHead(buffer: Buffer, start: number, end: number): LineHead | 'header' | undefined {
  const head = buffer[start + 6] === 0x73 ? stateHeadOf(buffer, start, end) : acceptHeadOf(buffer, start, end);
  return head ?? headOf(parseLine(buffer.toString('utf8', start, end)));
}

/** The state that the line tells of, where it begins as nearly all do. Makes nothing. */
export function stateIn(buffer: Buffer, start: number, end: number): MessageState | undefined {
  const idEnd = isAcceptLine(buffer, start) ? undefined : endOfId(buffer, start, end);
  const place = idEnd === undefined ? undefined : endOfTime(buffer, idEnd);
  if (place === undefined || buffer[end - 1] !== 0x7d || !standsAt(buffer, place, wordStart)) return undefined;
  for (const [at, word] of stateWords.entries()) {
    if (standsAt(buffer, place + wordStart.length, word)) return messageStates[at];
  }
  return undefined;
}

/** Behind the digits. */
function endOfTime(buffer: Buffer, idEnd: number): number | undefined {
  if (!standsAt(buffer, idEnd, atStart)) return undefined;
  let place = idEnd + atStart.length;
  while (buffer[place]! >= 0x30 && buffer[place]! <= 0x39) place++;
  return place;
}

/** Undefined where the beginning of the line does not tell. */
function stateHeadOf(buffer: Buffer, start: number, end: number): LineHead | undefined {
  const state = stateIn(buffer, start, end);
  // a refusal says more than its head
  if (state === undefined || state === 'cancelled') return undefined;
  const idEnd = endOfId(buffer, start, end)!;
  const at = Number(latin1(buffer, idEnd + atStart.length, endOfTime(buffer, idEnd)!));
  return { t: 'state', id: latin1(buffer, start + stateStart.length, idEnd), at, state };
}

/** Undefined where the two ends of the line do not tell. */
function acceptHeadOf(buffer: Buffer, start: number, end: number): LineHead | undefined {
  const head = buffer.toString('utf8', start, Math.min(end, start + headBytes));
  const accept = acceptHead.exec(head);
  if (!accept || !head.includes('"body":"')) return undefined;
  const [, endedAt, headKey, id, to = null] = accept;
  const from = senderOf.exec(head)?.[1];
  if (buffer[end - 1] !== 0x7d || buffer[end - 2] !== 0x7d) return undefined;
  let key = headKey;
  if (endedAt === undefined) {
    const tail = latin1(buffer, Math.max(start, end - tailBytes), end);
    if (!acceptedJustNow.test(tail.slice(-160))) return undefined;
    key = keyIn(tail);
  }
  return {
    t: 'accept',
    // a part of a text keeps the whole of it alive
    id: Buffer.from(id!).toString(),
    to,
    ...(from !== undefined && { from }),
    ...(key !== undefined && { key: JSON.parse(key) as string }),
    ...(endedAt !== undefined && { endedAt: Number(endedAt) }),
  };
}

/** As `toString('latin1', …)`, without its checks, which cost more than the text does: millions of lines are read at a start. */
function latin1(buffer: Buffer, start: number, end: number): string {
  return (buffer as Buffer & { latin1Slice(start: number, end: number): string }).latin1Slice(start, end);
}

/** Inside a text, these quotes would have backslashes before them. */
function keyIn(latin1Tail: string): string | undefined {
  const at = latin1Tail.lastIndexOf(',"key":"');
  if (at === -1) return undefined;
  const key = /^"(?:[^"\\]|\\.)*"/.exec(latin1Tail.slice(at + ',"key":'.length))?.[0];
  return key === undefined ? undefined : Buffer.from(key, 'latin1').toString('utf8');
}

/** The same of an entry. */
export function headOf(entry: JournalEntry | 'header' | undefined): LineHead | 'header' | undefined {
  if (entry === undefined || entry === 'header') return entry;
  if (entry.t === 'recipient') return { t: 'recipient', id: entry.id, to: entry.recipient.id };
  if (entry.t === 'state') {
    return { t: 'state', id: entry.id, state: entry.state, at: entry.at, ...(entry.refused && { refused: true }) };
  }
  const { id, recipient, sender, key, state, history, acceptedAt } = entry.message;
  return {
    t: 'accept',
    id,
    to: recipient.id,
    ...(sender?.id !== undefined && { from: sender.id }),
    ...(key !== undefined && { key }),
    ...(isFinal(state) && { endedAt: history.at(-1)?.at ?? acceptedAt }),
  };
}

/** The line of a message as it stands by now: what its head says comes first. */
export function lineOfMessage(entry: Extract<JournalEntry, { t: 'accept' }>): string {
  const head = headOf(entry) as Extract<LineHead, { t: 'accept' }>;
  const { endedAt, key } = head;
  const first = endedAt === undefined ? {} : { endedAt, ...(key !== undefined && { key }) };
  return JSON.stringify({ t: 'accept', ...first, message: entry.message });
}
