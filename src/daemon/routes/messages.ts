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
}

export function messageRoutes({ accept, store, dispatcher, registry, waits }: MessageRoutesOptions): RouteDefinition[] {
  return [
    { method: 'POST', path: '/v1/messages', who: 'local', status: 202, handle: ({ body }) => send(body) },
    { method: 'GET', path: '/v1/messages', who: 'local', handle: ({ query }) => list(query) },
    { method: 'GET', path: '/v1/messages/:id', who: 'local', handle: ({ params }) => shown(message(params[0]!)) },
    {
      method: 'POST',
      path: '/v1/messages/:id/cancel',
      who: 'local',
      handle: ({ params }) => change(params[0]!, 'cancel'),
    },
    {
      method: 'POST',
      path: '/v1/messages/:id/retry',
      who: 'local',
      handle: ({ params }) => change(params[0]!, 'retry'),
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
    const waitsFor = waits.of(one);
    return waitsFor === undefined ? one : { ...one, waitsFor };
  }

  function message(id: string): Message {
    const found = store.get(id);
    if (!found) throw new ClaudexError('NO_SUCH_MESSAGE', `Asked for "${id.slice(0, 40)}".`);
    return found;
  }

  function change(id: string, what: 'cancel' | 'retry'): Message {
    const found = message(id);
    if (!dispatcher.change(id, what)) throw new ClaudexError('WRONG_STATE', `It is ${found.state}.`);
    return message(id);
  }
}
