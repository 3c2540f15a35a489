/** Takes what has come for this machine from the server to the daemon. It is acknowledged once the daemon has it on disk. */
import type { Consumer, ConsumerMessages, JsMsg } from '@nats-io/jetstream';
import type { Clock } from '../process/clock.ts';
import type { IncomingMail, Verdict } from '../protocol/machine-mail.ts';
import { Deferrals } from './deferrals.ts';
import { EnvelopeRefused, senderOfSubject } from './envelope.ts';
import type { MailClient } from './mail-client.ts';
import { shiftTimes } from './mail-times.ts';
import { keptInMailboxMs } from './mailbox.ts';
import { pause } from './pause.ts';
import type { Refusals } from './refusals.ts';
import type { Sealing } from './sealing.ts';

/** The daemon is handed so much at once, at most. */
const mostMails = 64;
const fullBytes = 1 << 20;
/** What cannot be taken yet comes again after this long. */
const laterMs = 1500;
/** Whatever has come so often without being taken comes no more: its sender sends it again, if it is still wanted. */
const mostDeliveries = 15;
const daemonAwayMs = 300;
/** The server says how many more there are: they are waited for, for so long. */
const gatherMs = 300;
const stepMs = 10;

export interface MailInParts {
  own: string;
  client: MailClient;
  sealing: Pick<Sealing, 'say' | 'hear'>;
  keyOf: (machine: string) => string | undefined;
  /** The server's clock is so much ahead of this machine's time of day. */
  skewMs: () => number;
  clock: Pick<Clock, 'timeOfDay' | 'steady'>;
  refusals: Refusals;
}

/** Runs until `stop`. @throws what ends the line, or the mailbox */
export async function carryIn(mailbox: Consumer, parts: MailInParts, stop: AbortSignal): Promise<void> {
  if (stop.aborted) return;
  const messages = await mailbox.consume({ max_messages: 200, abort_on_missing_resource: true });
  stop.addEventListener('abort', () => messages.stop(), { once: true });
  if (stop.aborted) messages.stop();
  const waiting: JsMsg[] = [];
  const deferrals = new Deferrals();
  const settle: Settle = (message, from, verdict) => {
    const number = message.info.streamSequence;
    const isLater = verdict.verdict === 'later' && message.info.deliveryCount < mostDeliveries;
    if (isLater && deferrals.putOff(from, number, parts.clock.steady())) return message.nak(laterMs);
    deferrals.settled(from, number);
    if (verdict.verdict === 'taken') return message.ack();
    const why =
      verdict.verdict === 'refused' ? verdict.why : isLater ? 'too many that wait' : 'it could not be taken for long';
    parts.refusals.say('mail', from, why);
    message.term();
  };
  let working: Promise<void> | undefined;
  let failure: unknown;
  for await (const message of messages as ConsumerMessages) {
    waiting.push(message);
    working ??= handOver(waiting, parts, settle, stop)
      .catch((error) => {
        failure = error;
        messages.stop();
      })
      .finally(() => {
        working = undefined;
      });
  }
  await working;
  if (failure !== undefined) throw failure;
  if (!stop.aborted) throw new Error('the mail of this machine has come to an end');
}

/** What becomes of a piece of mail at the server. */
type Settle = (message: JsMsg, from: string, verdict: Verdict) => void;

async function handOver(waiting: JsMsg[], parts: MailInParts, settle: Settle, stop: AbortSignal): Promise<void> {
  while (waiting.length > 0 && !stop.aborted) {
    // what lies there together is handed over together: a message is not put in that is taken back behind it
    for (let waitedMs = 0; waitedMs < gatherMs && waiting.length < mostMails; waitedMs += stepMs) {
      if (waiting.at(-1)!.info.pending === 0) break;
      await pause(stepMs, stop);
    }
    const batch: Array<{ message: JsMsg; mail: IncomingMail }> = [];
    for (let bytes = 0; waiting.length > 0 && batch.length < mostMails && bytes < fullBytes; ) {
      const message = waiting.shift()!;
      const mail = opened(message, parts, settle);
      if (mail) batch.push({ message, mail });
      bytes += message.data.length;
    }
    if (batch.length === 0) continue;
    const verdicts = await untilTaken(
      batch.map(({ mail }) => mail),
      parts.client,
      stop,
    );
    if (!verdicts) return;
    for (const [at, { message, mail }] of batch.entries()) settle(message, mail.from, verdicts[at]!);
  }
}

/** Undefined for what is not to be handed over; it is dealt with. */
function opened(
  message: JsMsg,
  { own, sealing, keyOf, skewMs, clock }: MailInParts,
  settle: Settle,
): IncomingMail | undefined {
  const from = senderOfSubject(message.subject, own);
  const key = from === undefined ? undefined : keyOf(from);
  try {
    if (from === undefined) throw new EnvelopeRefused('no machine’s subject');
    if (key === undefined) {
      // its record may be on its way
      settle(message, from, { verdict: 'later' });
      return undefined;
    }
    const { kind, body, at } = sealing.hear(message.data, { name: from, key });
    if (at < clock.timeOfDay() + skewMs() - keptInMailboxMs) throw new EnvelopeRefused('said too long ago');
    return { from, key, kind, body: kind === 'message' ? shiftTimes(body, -skewMs()) : body };
  } catch (error) {
    if (!(error instanceof EnvelopeRefused)) throw error;
    settle(message, from ?? message.subject.slice(0, 100), { verdict: 'refused', why: error.message });
    return undefined;
  }
}

async function untilTaken(
  mails: readonly IncomingMail[],
  client: MailClient,
  stop: AbortSignal,
): Promise<Verdict[] | undefined> {
  while (!stop.aborted) {
    try {
      return await client.incoming(mails);
    } catch {
      await pause(daemonAwayMs, stop); // the next daemon knows what this one has taken
    }
  }
  return undefined;
}
