/** Carries what the daemon has for other machines to the server, signed. What the server has taken or not, the daemon hears. */
import { jetstream } from '@nats-io/jetstream';
import { type NatsConnection, nuid } from '@nats-io/transport-node';
import { wordsOf } from '../home/log.ts';
import type { Clock } from '../process/clock.ts';
import type { NextRequest, OutgoingMail } from '../protocol/machine-mail.ts';
import { mailSubject } from './envelope.ts';
import type { MailClient } from './mail-client.ts';
import { shiftTimes } from './mail-times.ts';
import { pause } from './pause.ts';
import type { Refusals } from './refusals.ts';
import type { Sealing } from './sealing.ts';

const publishTakesMs = 8000;
/** The server's answers are told together, if they come within this time. */
const togetherMs = 100;
/** A daemon that does not answer is asked again after this long. */
const daemonAwayMs = 300;

export interface MailOutParts {
  own: string;
  /** Signs it, and encrypts it where that is set. */
  sealing: Pick<Sealing, 'say' | 'hear'> | undefined;
  client: MailClient;
  /** The server's clock is so much ahead of this machine's time of day. */
  skewMs: () => number;
  clock: Pick<Clock, 'timeOfDay'>;
  refusals: Refusals;
}

/** Runs until `stop`. Without a connection it only says to the daemon that the bridge is there. */
export async function carryOut(
  connection: NatsConnection | undefined,
  { own, sealing, client, skewMs, clock, refusals }: MailOutParts,
  stop: AbortSignal,
): Promise<void> {
  const server = connection && sealing && { stream: jetstream(connection), sealing };
  let done: NextRequest['done'] = [];
  let line = nuid.next();
  while (!stop.aborted) {
    const told = done;
    done = [];
    let mails: OutgoingMail[];
    try {
      mails = await client.next({ line: server ? line : null, done: told });
    } catch {
      // what it has handed over may be lost: it hands it over again
      line = nuid.next();
      await pause(daemonAwayMs, stop);
      continue;
    }
    if (stop.aborted || !server) continue;
    const published = mails.map(async (mail) => {
      const error = await publish(server, mail);
      if (error !== undefined) refusals.say('mail for it, by the server', mail.to, error);
      done.push({ key: mail.key, ...(error !== undefined && { error }) });
    });
    if (published.length > 0) await Promise.race([Promise.all(published), pause(togetherMs, stop)]);
  }

  async function publish(to: NonNullable<typeof server>, mail: OutgoingMail): Promise<string | undefined> {
    const body = mail.kind === 'message' ? shiftTimes(mail.body, skewMs()) : mail.body;
    const at = clock.timeOfDay() + skewMs();
    try {
      const bytes = to.sealing.say({ id: nuid.next(), from: own, to: mail.to, kind: mail.kind, at, body });
      await to.stream.publish(mailSubject(mail.to, own), bytes, { msgID: mail.key, timeout: publishTakesMs });
      return undefined;
    } catch (error) {
      return whyNotTaken(error, mail.to);
    }
  }
}

function whyNotTaken(error: unknown, to: string): string {
  const words = wordsOf(error);
  if (/no responders|jetstream is not enabled/i.test(words)) return `${to} has no mailbox there`;
  if (/per subject exceeded/i.test(words))
    return `the mailbox of ${to} takes no more of this machine until ${to} has fetched some`;
  return words.slice(0, 200);
}
