/** What the bridge and `claudex mesh status` ask the daemon about mail. */
import { DaemonClient } from '../daemon-client/client.ts';
import type { IncomingMail, MailBacklog, NextRequest, OutgoingMail, Verdict } from '../protocol/machine-mail.ts';

/** The daemon answers after 20 s at the latest. */
const nextTakesMs = 40_000;
/** Each message is synced before its verdict. */
const incomingTakesMs = 60_000;

export class MailClient extends DaemonClient {
  /** What is to go out; answered once there is something. */
  async next(request: NextRequest): Promise<OutgoingMail[]> {
    return (await this.ask<{ mails: OutgoingMail[] }>('POST', '/v1/mesh/next', request, nextTakesMs)).mails;
  }

  async incoming(mails: readonly IncomingMail[]): Promise<Verdict[]> {
    return (await this.ask<{ verdicts: Verdict[] }>('POST', '/v1/mesh/incoming', { mails }, incomingTakesMs)).verdicts;
  }

  /** What waits for each machine. */
  async backlog(): Promise<MailBacklog[]> {
    return (await this.ask<{ machines: MailBacklog[] }>('GET', '/v1/mesh/backlog')).machines;
  }
}
