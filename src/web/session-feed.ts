/**
 * All sessions as they are now, kept true by the daemon's events; what changes goes into the ring. The daemon may go and come back:
 * the feed then reads everything anew and tells the differences.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { DaemonClient, EventStream } from '../daemon-client/client.ts';
import { daemonUnlessStopped, ensureDaemon } from '../daemon-client/ensure-daemon.ts';
import { type AnySession, notRunning, withManaged } from '../daemon-client/every-session.ts';
import { ClaudexError } from '../errors/claudex-error.ts';
import { ReadBesideNews } from '../process/read-beside-news.ts';
import type { ManagedRecord } from '../protocol/managed.ts';
import { summaryOf } from '../protocol/message.ts';
import type { SessionRecord } from '../protocol/session.ts';
import type { DaemonEvent } from '../protocol/wire.ts';
import { EventRing } from './event-ring.ts';

/** How long a request waits for the daemon before it is told that there is none. */
const daemonComesMs = 10_000;
/** A daemon that has gone is looked for this often. */
const lookEveryMs = 500;
/** How many look on is told by no event: it is read so often. */
const viewersEveryMs = 5000;

export class SessionFeed {
  readonly ring = new EventRing();
  readonly #env: NodeJS.ProcessEnv;
  #client: DaemonClient | undefined;
  #stream: EventStream<DaemonEvent> | undefined;
  readonly #live = new Map<string, SessionRecord>();
  #managed = new Map<string, ManagedRecord>();
  readonly #reads = new ReadBesideNews();
  /** What has been told of each, as JSON. */
  readonly #told = new Map<string, string>();
  #list: Buffer | undefined;
  #isClosed = false;
  #wasLive = false;
  #viewersTimer: NodeJS.Timeout | undefined;

  constructor(env: NodeJS.ProcessEnv) {
    this.#env = env;
  }

  get isLive(): boolean {
    return this.#client !== undefined;
  }

  get count(): number {
    return this.#told.size;
  }

  /** Follows the daemon until it is closed. Never throws. */
  async run(): Promise<void> {
    while (!this.#isClosed) {
      try {
        // one that a person has stopped stays so until somebody asks for something
        const client = await daemonUnlessStopped(this.#env);
        if (client) await this.#follow(client);
      } catch {
        // said to whoever asks for something meanwhile
      }
      this.#lost();
      if (!this.#isClosed) await delay(lookEveryMs);
    }
  }

  close(): void {
    this.#isClosed = true;
    clearInterval(this.#viewersTimer);
    this.#stream?.close();
  }

  /** The client of a daemon that runs; starts one where there is none. @throws ClaudexError DAEMON_UNREACHABLE, … */
  async client(): Promise<DaemonClient> {
    return this.#client ?? ensureDaemon(this.#env);
  }

  /** Every session, managed ones that do not run included. @throws ClaudexError DAEMON_UNREACHABLE */
  async sessions(): Promise<AnySession[]> {
    await this.#untilLive();
    return [...this.#told.values()].map((text) => JSON.parse(text) as AnySession);
  }

  /** `{"sessions":[…]}`, made once for all who ask between two changes. @throws ClaudexError DAEMON_UNREACHABLE */
  async listJson(): Promise<Buffer> {
    await this.#untilLive();
    this.#list ??= Buffer.from(`{"sessions":[${[...this.#told.values()].join(',')}]}`);
    return this.#list;
  }

  /** The record of a managed session. */
  managed(id: string): ManagedRecord | undefined {
    return this.#managed.get(id);
  }

  /** Something was done to a managed session: what became of it is read at once. */
  async readManaged(): Promise<void> {
    const client = this.#client;
    if (!client) return;
    await this.#reads.read(
      () => client.managed(),
      (managed) => {
        this.#managed = new Map(managed.map((one) => [one.id, one]));
      },
    );
    this.#tell();
  }

  async #untilLive(): Promise<void> {
    if (this.#client) return;
    await ensureDaemon(this.#env);
    for (let waitedMs = 0; !this.#client; waitedMs += 20) {
      if (waitedMs > daemonComesMs) throw new ClaudexError('DAEMON_UNREACHABLE', 'It is being waited for.');
      await delay(20);
    }
  }

  async #follow(client: DaemonClient): Promise<void> {
    const stream = await client.events();
    this.#stream = stream;
    if (this.#isClosed) stream.close();
    const [live, managed] = await Promise.all([client.sessions(), client.managed()]);
    this.#live.clear();
    for (const one of live) this.#live.set(one.id, one);
    this.#managed = new Map(managed.map((one) => [one.id, one]));
    this.#client = client;
    this.#tell();
    this.ring.add('daemon', { state: 'up' });
    // what became of messages and questions meanwhile was told to nobody
    if (this.#wasLive) this.ring.add('resync', {});
    this.#wasLive = true;
    this.#viewersTimer = setInterval(() => {
      this.readManaged().catch(() => undefined); // the stream ends as well, and all is read anew
    }, viewersEveryMs).unref();
    for await (const event of stream) this.#took(event);
  }

  #took(event: DaemonEvent): void {
    if (event.type === 'message') this.ring.add('message', { message: summaryOf(event.message) });
    else if (event.type === 'session') {
      const { session } = event;
      if (session.state === 'gone') this.#live.delete(session.id);
      else this.#live.set(session.id, session);
      this.#tellOne(session.id);
    } else if (event.type === 'managed') {
      this.#reads.news(() => this.#managed.set(event.managed.id, event.managed));
      this.#tellOne(event.managed.id);
    } else if (event.type === 'managed-forgotten') {
      this.#reads.news(() => this.#managed.delete(event.id));
      this.#tellOne(event.id);
    } else if (event.type !== 'hello') {
      const { type, ...rest } = event as { type: string };
      this.ring.add(type, rest);
    }
  }

  #lost(): void {
    clearInterval(this.#viewersTimer);
    if (this.#client) this.ring.add('daemon', { state: 'down' });
    this.#client = undefined;
    this.#stream = undefined;
  }

  #tell(): void {
    for (const id of new Set([...this.#live.keys(), ...this.#managed.keys(), ...this.#told.keys()])) this.#tellOne(id);
  }

  #tellOne(id: string): void {
    const live = this.#live.get(id);
    const record = this.#managed.get(id);
    const session = live ? withManaged(live, record) : record ? notRunning(record) : undefined;
    if (session === undefined) {
      if (this.#told.delete(id)) this.ring.add('session_removed', { id });
    } else {
      const text = JSON.stringify(session);
      if (this.#told.get(id) === text) return;
      this.#told.set(id, text);
      this.ring.add('session', { session });
    }
    this.#list = undefined;
  }
}
