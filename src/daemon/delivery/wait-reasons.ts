/** Why a message has not gone in yet, in words, at this moment. Only looks; decides nothing. */
import type { Clock } from '../../process/clock.ts';
import type { Message } from '../../protocol/message.ts';
import type { MessageStore } from '../messages/message-store.ts';
import type { Session } from '../sessions/session.ts';
import { stateOf } from '../sessions/session-state.ts';
import type { SessionTable } from '../sessions/session-table.ts';
import { chooseRoute, type RoutePolicy } from './choose-route.ts';
import { isReadyTask } from './due-messages.ts';
import { isRunningTask } from './hook-claims.ts';
import type { WaysIn } from './ways-in.ts';

export interface WaitReasonsOptions {
  table: SessionTable;
  store: Pick<MessageStore, 'mailbox'>;
  waysIn: Pick<WaysIn, 'situation'>;
  clock: Clock;
  policy: RoutePolicy;
  /** What the managed session of that id, which does not run, would have to do; undefined where there is none. */
  absent: (id: string) => string | undefined;
}

export class WaitReasons {
  readonly #options: WaitReasonsOptions;

  constructor(options: WaitReasonsOptions) {
    this.#options = options;
  }

  /** Undefined for a message that does not wait. */
  of(message: Message): string | undefined {
    const session = message.recipient.id === null ? undefined : this.#options.table.byId(message.recipient.id);
    if (message.state === 'leased') return session && onItsWay(message, session);
    if (message.state !== 'queued') return undefined;
    if ((message.notBefore ?? 0) > this.#options.clock.timeOfDay()) return 'its time';
    if (session) return this.#before(message, session);
    const { id } = message.recipient;
    return (id === null ? undefined : this.#options.absent(id)) ?? 'a session to start in its folder';
  }

  #before(message: Message, session: Session): string | undefined {
    const { store, clock, waysIn, policy } = this.#options;
    const { mailbox } = store;
    if (message.kind === 'task') {
      const now = clock.timeOfDay();
      const first = mailbox.firstOpen(session.id, (one) => one.state === 'leased' || isReadyTask(one, now));
      if (first && first !== message) return `message ${first.id}, which comes first`;
      if (message.when === 'idle' && mailbox.firstOpen(session.id, isRunningTask)) return 'the end of the turn';
    }
    const decision = chooseRoute(waysIn.situation(session), message, 'now', policy);
    return 'wait' in decision ? decision.wait : undefined;
  }
}

function onItsWay(message: Message, session: Session): string | undefined {
  const isAsking = stateOf(session) === 'waiting';
  if (message.route === 'inbox-socket' && isAsking)
    return 'a person at that session: claude asks them before it takes the message, or about something else';
  if (message.route !== 'paste' || session.leftMessage !== message.id) return undefined;
  return isAsking
    ? 'a person at that session: a dialog came up over the message, which stands in the prompt box'
    : 'a person at that session: the message stands in the prompt box with something else; send it there, or clear the box';
}
