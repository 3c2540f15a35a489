/** Holds a walk's evidence against the five promises. Pure. */
import type { Message } from '../../src/protocol/message.ts';
import type { Appearance, Evidence, SentMessage } from './evidence.ts';
import { personWord, wordOf } from './steps.ts';

/** The promises, in the words of the report. */
export const promises = {
  once: 'every message reaches the conversation exactly once, or stands still with its reason',
  whole: 'what arrives is what was sent',
  unmixed: 'no prompt holds a person’s text and a message',
  unrun: 'nothing of a message is run by a shell',
  kept: 'what stood in the box before a delivery stands there after it',
  unanswered: 'no dialog is answered by claudex',
} as const;
export type PromiseName = keyof typeof promises;

export interface Violation {
  promise: PromiseName;
  /** Number of the message. */
  message: number;
  why: string;
}

/** Proof may come this long before or after claude has the message. */
const proofSlackMs = 1500;

export function judge(evidence: Evidence): Violation[] {
  const byId = new Map(evidence.messages.map((message) => [message.id, message]));
  return [
    ...evidence.sent.flatMap((sent) => judgeMessage(sent, byId.get(sent.id), evidence)),
    ...evidence.boxChecks.flatMap(({ number, before, burst, after }): Violation[] => {
      if (keeps(after, before, burst)) return [];
      return [{ promise: 'kept', message: number, why: `${show(before)} and ${show(burst)} became ${show(after)}` }];
    }),
    ...evidence.dialogChecks.flatMap(({ number, stillOpen, answered, screen }): Violation[] => {
      if (stillOpen && !answered) return [];
      const what = answered ? 'the permission prompt was answered' : 'the permission prompt is gone';
      return [{ promise: 'unanswered', message: number, why: `${what}; the screen:\n${screen}` }];
    }),
  ];
}

/**
 * True when `after` holds what stood there and, in one piece and wherever the cursor was, what was typed meanwhile; and no message
 * that was not there (the person may have brought one back).
 */
export function keeps(after: string, before: string, burst: string): boolean {
  if (message.test(after) && !message.test(before)) return false;
  const now = squeeze(after);
  return now.includes(squeeze(burst)) && now.replace(squeeze(burst), '').includes(squeeze(before));
}

const message = /MSG\d+X|\[claudex/;

function judgeMessage(sent: SentMessage, message: Message | undefined, evidence: Evidence): Violation[] {
  const { number, id } = sent;
  const violations: Violation[] = [];
  const violation = (promise: PromiseName, why: string): void => {
    violations.push({ promise, message: number, why: `${id}: ${why}${message ? `; ${historyOf(message)}` : ''}` });
  };
  if (!message) return [{ promise: 'once', message: number, why: `${id}: accepted, and the daemon knows it no more` }];

  const inHandsFrom = timeInHands(message, evidence.broughtBackAt);
  /** What the person did with a message that had arrived (recalled, sent again) is the person's. */
  const ours = <T extends { at: number }>(things: readonly T[]): T[] => things.filter(({ at }) => at < inHandsFrom);

  const seen = evidence.appearances.filter((one) => one.id === id);
  for (const where of ['api', 'transcript'] as const) {
    const count = ours(seen.filter((one) => one.where === where)).length;
    if (count > 1) violation('once', `${count} times in the ${where}`);
  }
  if (seen.length === 0 && !mayBeUnseen(message, inHandsFrom) && !isDenied(message, evidence.pressedAt))
    violation('once', 'reached no conversation');
  if (message.state === 'stuck' && !message.reason) violation('once', 'stands still without a reason');
  if (message.state === 'queued' || message.state === 'leased') violation('once', `still ${message.state}`);
  if (message.state === 'cancelled' || message.state === 'expired')
    violation('once', `nobody asked for ${message.state}`);

  for (const one of ours(seen)) {
    const rest = restOf(one, sent);
    const isWhole = squeeze(one.text).includes(squeeze(sent.body)) || isPointer(one.text);
    if (!isWhole) violation('whole', `${show(sent.body)} became ${show(one.text)} in the ${one.where}`);
    if (personWord.test(rest)) violation('unmixed', `with the person’s text in the ${one.where}: ${show(one.text)}`);
    else if (rest !== '' && isWhole && message.route === 'paste') {
      violation('unmixed', `with ${show(rest)} in the ${one.where}`);
    }
  }
  for (const { name } of ours(evidence.canaries.filter((one) => one.number === number))) {
    violation('unrun', `a shell has run its text: ${name}`);
  }
  return violations;
}

/** From when on the person may have had the arrived message in their own box; Infinity: never. */
function timeInHands(message: Message, broughtBackAt: readonly number[]): number {
  const delivered = message.history.find(({ state }) => state === 'delivered')?.at;
  if (delivered === undefined) return Number.POSITIVE_INFINITY;
  return broughtBackAt.find((at) => at > delivered - proofSlackMs) ?? Number.POSITIVE_INFINITY;
}

/** A prompt that was interrupted, or whose session ended, before claude had asked the API and written it down. */
function mayBeUnseen(message: Message, inHandsFrom: number): boolean {
  if (message.state === 'stuck') return true;
  return message.state === 'failed' && (inHandsFrom < Number.POSITIVE_INFINITY || /ended/.test(message.reason ?? ''));
}

/**
 * With permissions bypassed, claude asks whether a message from outside may come in ("Held message"): the person's next key, meant
 * for something else or not, is the answer. Where no key was pressed, nobody has denied it.
 */
function isDenied({ state, reason, history }: Message, pressedAt: readonly number[]): boolean {
  if (state !== 'failed' || !reason?.startsWith('denied by the person')) return false;
  const leasedAt = history.findLast((one) => one.state === 'leased')?.at ?? Number.POSITIVE_INFINITY;
  const endedAt = history.at(-1)!.at;
  return pressedAt.some((at) => at > leasedAt - proofSlackMs && at < endedAt);
}

/** What is left of a prompt without the message in it. */
function restOf({ text }: Appearance, { body, number }: SentMessage): string {
  const withoutWrap = text.replaceAll(/<\/?pasted_content[^>]*>/g, ' ').replaceAll(/\[claudex m[^\]]*\]/g, ' ');
  const rest = squeeze(withoutWrap).replace(squeeze(body), '');
  return rest.replaceAll(wordOf(number), '').trim();
}

function isPointer(text: string): boolean {
  return text.includes('claudex inbox read');
}

/** Tabs become spaces and lines may be drawn anew: white space is not compared. */
function squeeze(text: string): string {
  return text.replaceAll(/[\s\u00a0]+/g, '');
}

function show(text: string): string {
  return JSON.stringify(text.length > 300 ? `${text.slice(0, 300)}…` : text);
}

function historyOf({ attempts, history }: Message): string {
  const words = history.map(({ state, route, reason }) => [state, route, reason].filter(Boolean).join(' '));
  return `${attempts} attempts: ${words.join(' → ')}`;
}
