/** What the board shows, kept true by the daemon's events: sessions that run, managed ones that do not, their last words. */
import type { DaemonClient, EventStream } from '../daemon-client/client.ts';
import { ReadBesideNews } from '../process/read-beside-news.ts';
import { Signal } from '../process/signal.ts';
import type { ManagedRecord } from '../protocol/managed.ts';
import type { SessionRecord } from '../protocol/session.ts';
import type { DaemonEvent } from '../protocol/wire.ts';
import { absentSession, type BoardSession, boardSession, inOrder } from './board-session.ts';
import type { ConversationEnds } from './conversation-ends.ts';
import type { BoardQuestion, QuestionSource } from './question-source.ts';

/** Records are read anew this long after an event that does not hold all of what it changes. */
const refreshAfterMs = 400;
/** Claude writes its transcript some 100 ms after the hook that tells of it. */
const wordsAfterMs = 300;
/** The conversations of busy sessions grow without an event. */
const busyLookMs = 1000;
/** A daemon that is away is looked for again this often. */
const reconnectMs = 1000;

const stoppedWords = 'The daemon was stopped. `claudex daemon start` starts it again.';

export interface WorldOptions {
  /** The daemon; undefined where a person has stopped it, and nobody has started it since. */
  connect: () => Promise<DaemonClient | undefined>;
  ends: ConversationEnds;
  questions: QuestionSource;
  /** The person's home folder. */
  home: string;
}

export class BoardWorld {
  readonly changed = new Signal<void>();
  readonly #options: WorldOptions;
  readonly #live = new Map<string, SessionRecord>();
  #managed: readonly ManagedRecord[] = [];
  readonly #reads = new ReadBesideNews();
  #sorted: BoardSession[] | undefined;
  #stream: EventStream<DaemonEvent> | undefined;
  #refreshTimer: NodeJS.Timeout | undefined;
  #wordsTimer: NodeJS.Timeout | undefined;
  #wake: (() => void) | undefined;
  #closed = false;
  /** Why there is no news, in words; null while the daemon answers. */
  trouble: string | null = 'Asking the daemon…';

  constructor(options: WorldOptions) {
    this.#options = options;
    options.questions.changed.add(() => this.#touch());
  }

  /** Every session, who waits for the person first. */
  sessions(): readonly BoardSession[] {
    this.#sorted ??= this.#sort();
    return this.#sorted;
  }

  /** What is to be shown of the end of that session's conversation. */
  words(session: BoardSession): ReturnType<ConversationEnds['words']> {
    return this.#options.ends.words(session.transcriptPath);
  }

  /** Where viewers of a managed session connect. */
  socketOf(id: string): string | undefined {
    return this.#managed.find((one) => one.id === id)?.socket;
  }

  /** Follows the daemon, and each one after it, until closed. */
  async follow(): Promise<void> {
    while (!this.#closed) {
      try {
        const client = await this.#options.connect();
        if (client) await this.#followOne(client);
        this.#trouble(client ? 'The daemon has gone. Looking for the next one…' : stoppedWords);
      } catch (error) {
        this.#trouble(error instanceof Error ? error.message : String(error));
      }
      if (!this.#closed) await this.#pause();
    }
  }

  async #followOne(client: DaemonClient): Promise<void> {
    this.#stream = await client.events();
    if (this.#closed) this.#stream.close();
    for await (const event of this.#stream) {
      if (event.type === 'hello') await Promise.all([this.#readAll(client), this.#options.questions.readAll(client)]);
      else this.#take(event, client);
    }
  }

  /** Reads the records anew, soon: something was asked for that no event tells of. */
  refreshSoon(client: DaemonClient): void {
    this.#refreshTimer ??= setTimeout(() => {
      this.#refreshTimer = undefined;
      this.#readAll(client).catch(() => undefined); // the daemon has gone: the stream says so
    }, refreshAfterMs);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#refreshTimer);
    clearTimeout(this.#wordsTimer);
    this.#stream?.close();
    this.#wake?.();
  }

  #take(event: DaemonEvent, client: DaemonClient): void {
    if (event.type === 'session') {
      const { session } = event;
      const before = this.#live.get(session.id);
      this.#reads.news(() => {
        if (session.state === 'gone') this.#live.delete(session.id);
        else this.#live.set(session.id, session);
      });
      if (before === undefined || session.state === 'gone' || before.state === 'starting') this.refreshSoon(client);
      this.#lookAtWordsIn(wordsAfterMs);
      this.#touch();
    } else if (event.type === 'message' || event.type === 'managed') this.refreshSoon(client);
    else if (event.type === 'question') this.#options.questions.heard(event.question);
  }

  async #readAll(client: DaemonClient): Promise<void> {
    await this.#reads.read(
      () => Promise.all([client.sessions(), client.managed()]),
      ([live, managed]) => {
        this.#live.clear();
        for (const one of live) this.#live.set(one.id, one);
        this.#managed = managed;
      },
    );
    this.trouble = null;
    this.#lookAtWords();
    this.#touch();
  }

  #lookAtWordsIn(ms: number): void {
    if (this.#closed) return;
    this.#wordsTimer ??= setTimeout(() => {
      this.#wordsTimer = undefined;
      if (this.#lookAtWords()) this.#touch();
    }, ms);
  }

  #lookAtWords(): boolean {
    const { ends } = this.#options;
    const paths = new Set([...this.#live.values()].flatMap(({ transcriptPath }) => transcriptPath ?? []));
    ends.keepOnly(paths);
    let isNew = false;
    for (const path of paths) isNew = ends.look(path) || isNew;
    if ([...this.#live.values()].some(({ state }) => state === 'busy')) this.#lookAtWordsIn(busyLookMs);
    return isNew;
  }

  #sort(): BoardSession[] {
    const { ends, questions, home } = this.#options;
    const open = new Map<string, BoardQuestion[]>();
    for (const one of questions.open()) open.set(one.sessionId, [...(open.get(one.sessionId) ?? []), one]);
    const managed = new Map(this.#managed.map((one) => [one.id, one]));
    const live = [...this.#live.values()].map((one) =>
      boardSession(one, managed.get(one.id), {
        said: ends.said(one.transcriptPath),
        questions: open.get(one.id) ?? [],
        home,
      }),
    );
    const absent = this.#managed.filter(({ id }) => !this.#live.has(id)).map((one) => absentSession(one, { home }));
    return inOrder([...live, ...absent]);
  }

  #trouble(words: string): void {
    this.trouble = words;
    this.#touch();
  }

  #touch(): void {
    this.#sorted = undefined;
    if (!this.#closed) this.changed.emit();
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, reconnectMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
