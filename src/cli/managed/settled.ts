/** How a session that has just been started begins: it shows its prompt box, works, or waits for a person. */
import { setTimeout as delay } from 'node:timers/promises';
import type { DaemonClient } from '../../daemon-client/client.ts';
import { elsewhere } from '../../daemon-client/elsewhere.ts';
import { ClaudexError } from '../../errors/claudex-error.ts';
import { steadyNow } from '../../process/clock.ts';
import type { SessionRecord } from '../../protocol/session.ts';

/** Claude has this long to show its prompt box, or what it waits for. A machine that has much else to do needs it. */
const settlesMs = 30_000;
/** Each look at another machine is a question to it. */
const farLookEveryMs = 500;

/** Its session once claude shows its prompt box, works, or waits for somebody; undefined when it does not come to that in time. @throws ClaudexError HOST_START_FAILED */
export async function settled(client: DaemonClient, id: string): Promise<SessionRecord | undefined> {
  for (const until = steadyNow() + settlesMs; steadyNow() < until; ) {
    const session = (await client.sessions()).find((one) => one.id === id);
    if (session && session.state !== 'starting') return session;
    const one = (await client.managed()).find((record) => record.id === id);
    if (one && one.state !== 'starting' && one.state !== 'running') {
      throw new ClaudexError('HOST_START_FAILED', `${one.exit?.reason ?? one.state}.`);
    }
    await delay(elsewhere() ? farLookEveryMs : 50);
  }
  return undefined;
}

/**
 * What claude asks at its start (trust, log-in, MCP servers) is a person's to answer: says what, and where; or that nobody knows what it
 * does. Undefined where there is nothing to say.
 */
export function whatItAsks(who: string, session: SessionRecord | undefined): string | undefined {
  if (session !== undefined && session.state !== 'waiting') return undefined;
  if (session === undefined) {
    const seconds = settlesMs / 1000;
    return `Claude has not shown its prompt box in ${seconds} s. See what it does with \`claudex peek ${who}\` or \`claudex attach ${who}\`.\n`;
  }
  const what = session.waitingFor ?? 'something on its screen';
  return `It waits for a person: ${what}. See it with \`claudex peek ${who}\`, answer in \`claudex attach ${who}\`.\n`;
}
