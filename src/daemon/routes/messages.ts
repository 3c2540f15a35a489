/** Routes about messages: sending, looking, ending, trying again. */
import { ClaudexError } from '../../errors/claudex-error.ts';
import { isFinal, type Message, summaryOf } from '../../protocol/message.ts';
import { parseCount, parseSendRequest } from '../../protocol/parse.ts';
import type { ListedMessage, ShownMessage } from '../../protocol/wire.ts';
import { type AcceptOptions, acceptSend, acceptSends } from '../delivery/accept-send.ts';
import type { Dispatcher } from '../delivery/dispatcher.ts';
import { speakerOf } from '../delivery/speaker.ts';
import type { WaitReasons } from '../delivery/wait-reasons.ts';
import type { RouteDefinition } from '../http-server.ts';
import type { MachineMail } from '../mesh/machine-mail-parts.ts';
import type { MessageStore } from '../messages/message-store.ts';
import type { SessionRegistry } from '../sessions/session-registry.ts';

/** So many ended messages are listed at most: each is read from disk. */
const maxEndedListed = 10_000;
/** Hooks are answered in between. */
const sliceMs = 5;

export interface MessageRoutesOptions {
  /** What taking a message needs. */
  accept: AcceptOptions;
  store: MessageStore;
  dispatcher: Dispatcher;
  registry: Pick<SessionRegistry, 'claudeAbove'>;
  waits: Pick<WaitReasons, 'of'>;
  machineMail: Pick<MachineMail, 'outbox'>;
}

export function messageRoutes({
  accept,
  store,
  dispatcher,
  registry,
  waits,
  machineMail,
}: MessageRoutesOptions): RouteDefinition[] {
  return [
    { method: 'POST', path: '/v1/messages', who: 'local', status: 202, handle: ({ body }) => send(body) },
    { method: 'GET', path: '/v1/messages', who: 'local', handle: ({ query }) => list(query) },
    { method: 'GET', path: '/v1/messages/:id', who: 'local', handle: ({ params }) => shown(message(params[0]!)) },
    {
      method: 'POST',
      path: '/v1/messages/:id/cancel',
      who: 'local',
      handle: ({ params }) => cancel(message(params[0]!)),
    },
    {
      method: 'POST',
      path: '/v1/messages/:id/retry',
      who: 'local',
      handle: ({ params, body }) => retry(message(params[0]!), parseRetry(body)),
    },
  ];

  async function send(body: unknown): Promise<unknown> {
    const asked = parseSendRequest(body);
    const request = { ...asked, sender: speakerOf(asked, registry) };
    if ('target' in request) return acceptSend(request, accept);
    return { messages: await acceptSends(request, accept) };
  }

  /** The open ones, and as many of the newest ended ones as are asked for; all, or those from and to one session. */
  async function list(query: URLSearchParams): Promise<{ messages: ListedMessage[] }> {
    const session = query.get('session');
    const most = parseCount(query, 'ended', maxEndedListed);
    const isOf = (from: string | undefined, to: string | null): boolean =>
      session === null || from === session || to === session;
    const open = store.mailbox.all().filter((one) => !isFinal(one.state) && isOf(one.sender.id, one.recipient.id));
    const listed = open.map(listedOf);
    let sliceEndMs = performance.now() + sliceMs;
    for (const message of most === 0 ? [] : store.ended(({ from, to }) => isOf(from, to), most)) {
      listed.push(listedOf(message));
      if (performance.now() < sliceEndMs) continue;
      await new Promise((resolve) => setImmediate(resolve));
      sliceEndMs = performance.now() + sliceMs;
    }
    return { messages: listed.sort((a, b) => a.acceptedAt - b.acceptedAt) };
  }

  function listedOf(one: Message): ListedMessage {
    return summaryOf(shown(one));
  }

  function shown(one: Message): ShownMessage {
    const waitsFor = one.recipient.machine === undefined ? waits.of(one) : machineMail.outbox.waitsFor(one);
    return waitsFor === undefined ? one : { ...one, waitsFor };
  }

  function message(id: string): Message {
    const found = store.get(id);
    if (!found) throw new ClaudexError('NO_SUCH_MESSAGE', `Asked for "${id.slice(0, 40)}".`);
    return found;
  }

  function cancel(found: Message): Message {
    const { outbox } = machineMail;
    const isTakenBack =
      found.recipient.machine === undefined
        ? dispatcher.change(found.id, 'cancel')
        : outbox.cancel(store.recall(found.id)!);
    if (!isTakenBack) throw new ClaudexError('WRONG_STATE', `It is ${found.state}.`);
    return message(found.id);
  }

  /** The same message here; to another target or on another machine a new one, in the place of this one. */
  async function retry(found: Message, to: string | undefined): Promise<Message> {
    const { id, state, recipient } = found;
    const isLocal = to === undefined && recipient.machine === undefined;
    const mayGo = isLocal ? dispatcher.change(id, 'retry') : mayGoElsewhere(found, to !== undefined);
    if (!mayGo) throw new ClaudexError('WRONG_STATE', `It is ${state}.`);
    if (isLocal) return message(id);
    const { kind, when, body, sender, replyTo, forcedRoute } = found;
    const again = await acceptSend(
      {
        target: to ?? `${recipient.target}@${recipient.machine}`,
        body,
        kind,
        when,
        // a session may have ended since: it has said so then
        sender:
          sender.id !== undefined && !accept.table.byId(sender.id) ? { kind: 'peer', label: sender.label } : sender,
        ...(replyTo !== undefined && { replyTo }),
        ...(forcedRoute !== undefined && to === undefined && { route: forcedRoute }),
      },
      accept,
    );
    if (!isFinal(state)) cancel(message(id));
    return message(again.id);
  }

  /** What has ended otherwise than it should; by a person's word, also what waits for a machine that may never come back. */
  function mayGoElsewhere({ state, recipient }: Message, isElsewhere: boolean): boolean {
    const hasFailed = ['failed', 'expired', 'cancelled', 'stuck'].includes(state);
    return (
      hasFailed || (isElsewhere && recipient.machine !== undefined && ['queued', 'sent', 'arrived'].includes(state))
    );
  }
}

/** Where it is to go now; undefined for where it was to go. @throws ClaudexError BAD_REQUEST */
function parseRetry(body: unknown): string | undefined {
  const { target } = (body ?? {}) as { target?: unknown };
  if (target === undefined || (typeof target === 'string' && target !== '' && target.length <= 4096)) return target;
  throw new ClaudexError('BAD_REQUEST', '"target" must be a text of 1 to 4096 characters.');
}
