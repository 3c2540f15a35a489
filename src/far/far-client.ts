/** The daemon of another machine as commands know it: what they ask of a daemon, in the words of the web API. */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { DaemonClient, type EventStream } from '../daemon-client/client.ts';
import type { AnySession } from '../daemon-client/every-session.ts';
import { ClaudexError } from '../errors/claudex-error.ts';
import { findTarget } from '../protocol/find-target.ts';
import type { ManagedRecord, StartRequest } from '../protocol/managed.ts';
import type { Question } from '../protocol/question.ts';
import type { SessionRecord } from '../protocol/session.ts';
import type { SendManyRequest, SendReply, SendRequest } from '../protocol/wire.ts';
import type { FarRequests } from './far-requests.ts';
import { recordOfSession } from './record-of-session.ts';

/** A machine that was there and is not, is looked for so long: a server that is restarted, a laptop that wakes. */
const comesBackMs = 60_000;
const lookEveryMs = 1000;

interface Asked {
  /** Parts of the path, decoded. */
  words: string[];
  query: URLSearchParams;
  body: unknown;
}

export class FarClient extends DaemonClient {
  readonly #api: FarRequests;
  #wasThere = false;

  constructor(api: FarRequests) {
    super('');
    this.#api = api;
  }

  protected override async ask<T>(method: string, path: string, body?: unknown): Promise<T> {
    const { pathname, searchParams: query } = new URL(path, 'http://daemon');
    const words = pathname.split('/').slice(2).map(decodeURIComponent);
    for (const [pattern, act] of this.#routes) {
      if (pattern.test(`${method} ${pathname}`)) return (await act({ words, query, body })) as T;
    }
    throw new ClaudexError('NOT_FROM_AFAR');
  }

  /** What happens from now on. A machine that was there before is waited for. */
  protected override async follow<T>(_method: string, path: string): Promise<EventStream<T>> {
    if (path !== '/v1/events') throw new ClaudexError('NOT_FROM_AFAR');
    for (let waitedMs = 0; ; waitedMs += lookEveryMs) {
      try {
        const events = await this.#api.events();
        this.#wasThere = true;
        return events as unknown as EventStream<T>;
      } catch (error) {
        const isGone = (error as ClaudexError).code === 'FAR_UNREACHABLE';
        if (!isGone || !this.#wasThere || waitedMs >= comesBackMs) throw error;
      }
      await delay(lookEveryMs);
    }
  }

  /** One row for each thing that a command may ask; whatever is in none of them works on the machine itself only. */
  readonly #routes: ReadonlyArray<readonly [RegExp, (asked: Asked) => Promise<unknown>]> = [
    [/^GET \/v1\/sessions$/, async () => ({ sessions: (await this.#sessions()).flatMap((one) => liveOf(one) ?? []) })],
    [
      /^GET \/v1\/managed$/,
      async () => ({ managed: (await this.#sessions()).flatMap((one) => recordOfSession(one) ?? []) }),
    ],
    [/^POST \/v1\/managed$/, ({ body }) => this.#start(body as StartRequest)],
    [
      /^POST \/v1\/managed\/[^/]+\/(resume|restart|stop)$/,
      async ({ words: [, id, change], query }) => {
        const now = query.get('now') === 'true' ? '?now=true' : '';
        return this.#changed(await this.#post(`/sessions/${inPath(id!)}/${change}${now}`));
      },
    ],
    [/^POST \/v1\/managed\/[^/]+\/forget$/, ({ words: [, id] }) => this.#api.ask('DELETE', `/sessions/${inPath(id!)}`)],
    [/^POST \/v1\/messages$/, ({ body }) => this.#sendAll(body as SendRequest | SendManyRequest)],
    [/^GET \/v1\/messages$/, ({ query }) => this.#api.ask('GET', `/messages?${query}`)],
    [/^GET \/v1\/messages\/[^/]+$/, ({ words: [, id] }) => this.#api.ask('GET', `/messages/${inPath(id!)}`)],
    [
      /^POST \/v1\/messages\/[^/]+\/cancel$/,
      ({ words: [, id] }) => this.#api.ask('DELETE', `/messages/${inPath(id!)}`),
    ],
    [/^GET \/v1\/questions$/, ({ query }) => this.#api.ask('GET', `/questions?${query}`)],
    [/^GET \/v1\/questions\/[^/]+$/, ({ words: [, id] }) => this.#question(id!)],
    [
      /^POST \/v1\/questions\/[^/]+\/answer$/,
      ({ words: [, id], body }) => {
        // who answers is who the token says
        const { via: _via, by: _by, ...answer } = body as Record<string, unknown>;
        return this.#post(`/questions/${inPath(id!)}/answer`, answer);
      },
    ],
    // nobody of that machine's sessions runs this command
    [/^POST \/v1\/whoami$/, () => Promise.reject(new ClaudexError('NOT_IN_A_SESSION'))],
  ];

  async #sessions(): Promise<AnySession[]> {
    return (await this.#api.ask<{ sessions: AnySession[] }>('GET', '/sessions')).sessions;
  }

  /** The key lets the server tell a request that came twice from two requests. */
  #post<T>(path: string, body?: unknown, key: string = randomUUID()): Promise<T> {
    return this.#api.ask('POST', path, { headers: { 'idempotency-key': key }, ...(body !== undefined && { body }) });
  }

  async #question(id: string): Promise<Question> {
    const { questions } = await this.#api.ask<{ questions: Question[] }>('GET', '/questions?ended=true');
    const found = questions.find((one) => one.id === id);
    if (!found) throw new ClaudexError('NO_SUCH_QUESTION', `Asked for "${id}".`);
    return found;
  }

  async #start({ env: _env, claudeSessionId: _id, schedule, ...request }: StartRequest): Promise<ManagedRecord> {
    if (schedule) throw new ClaudexError('NOT_FROM_AFAR', 'A schedule.');
    return this.#changed(await this.#post('/sessions', request));
  }

  #changed({ session }: { session: AnySession }): ManagedRecord {
    const record = recordOfSession(session);
    if (!record) throw new ClaudexError('NO_SUCH_MANAGED', `Asked for "${session.id}".`);
    return record;
  }

  /** Of several, nobody gets one where one of them is nobody. */
  async #sendAll(request: SendRequest | SendManyRequest): Promise<SendReply | { messages: SendReply[] }> {
    const { sender, route, hold, key } = request;
    if (sender.kind === 'peer') throw new ClaudexError('NOT_FROM_AFAR', 'Asked for --from.');
    if (route !== undefined) throw new ClaudexError('NOT_FROM_AFAR', 'Asked for --route.');
    const targets = 'targets' in request ? request.targets : [request.target];
    // a folder that nobody is in keeps the message there, which is for whoever wants that
    const sessions = hold ? [] : await this.#sessions();
    const ids = hold ? targets : targets.map((target) => findTarget(target, sessions).id);
    const replies: SendReply[] = [];
    for (const [index, id] of ids.entries()) {
      replies.push(await this.#send(id, request, key === undefined || index === 0 ? key : `${key}-${index}`));
    }
    return 'targets' in request ? { messages: replies } : replies[0]!;
  }

  #send(target: string, request: Omit<SendRequest, 'target'> | SendManyRequest, key?: string): Promise<SendReply> {
    const { body, kind, when, replyTo, delayMs, notBefore, expiresAt } = request;
    return this.#post('/messages', { target, body, kind, when, replyTo, delayMs, notBefore, expiresAt }, key);
  }
}

/** As the daemon tells of one that runs; undefined for one that does not. */
function liveOf({ managed: _managed, ...session }: AnySession): SessionRecord | undefined {
  return session.pid === null ? undefined : session;
}

function inPath(word: string): string {
  return encodeURIComponent(word);
}
