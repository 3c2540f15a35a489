/** Routes about messages: sending, looking, ending, trying again. */
import { ClaudexError } from '../../errors/claudex-error.ts';
import { isFinal, type Message } from '../../protocol/message.ts';
import { parseSendRequest } from '../../protocol/parse.ts';
import type { ShownMessage } from '../../protocol/wire.ts';
import { type AcceptOptions, acceptSend, acceptSends } from '../delivery/accept-send.ts';
import type { Dispatcher } from '../delivery/dispatcher.ts';
import { speakerOf } from '../delivery/speaker.ts';
import type { WaitReasons } from '../delivery/wait-reasons.ts';
import type { RouteDefinition } from '../http-server.ts';
import type { MessageStore } from '../messages/message-store.ts';
import type { SessionRegistry } from '../sessions/session-registry.ts';

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
    { method: 'GET', path: '/v1/messages', who: 'local', handle: ({ query }) => list(query.get('session')) },
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

  /** All of them, or those from and to one session. */
  function list(session: string | null): { messages: ShownMessage[] } {
    const all = [...store.mailbox.all().filter((one) => !isFinal(one.state)), ...store.ended()];
    const wanted = (one: Message): boolean =>
      session === null || one.recipient.id === session || one.sender.id === session;
    return { messages: all.filter(wanted).map(shown) };
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
