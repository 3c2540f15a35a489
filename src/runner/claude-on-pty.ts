/**
 * One running claude on a pty, whoever watches: its output and what is kept of it, the keys that go in and what is known of
 * them, and the line to the daemon. A watcher (the supervisor with the person's terminal) gives keys and hears output.
 * Claude is started first; whatever is slow (the HTTP client, settings) is loaded while it boots.
 */
import { steadyNow } from '../process/clock.ts';
import { Signal } from '../process/signal.ts';
import type { StartQuestion } from '../protocol/session.ts';
import type { SupervisorRequest } from '../protocol/wire.ts';
import type { OutputRing } from '../terminal/output-ring.ts';
import type { Pty, PtyIo } from '../terminal/pty/spawn-pty.ts';
import type { WindowSize } from '../terminal/tty-calls.ts';
import type { DaemonConnection } from './daemon-connection.ts';
import { InputLane } from './input-lane.ts';
import { PersonKeys } from './person-keys.ts';

/** Claude finds a size that is there for so long. */
const otherSizeForMs = 250;

/**
 * The daemon side is loaded after claude’s first output, or after this long without one. A real claude takes 300 ms for it, and more on
 * a busy machine: what is loaded just before its first byte comes is time that the person waits for it.
 */
const startDaemonAfterMs = 2000;

export interface ClaudeOnPtyOptions {
  args: readonly string[];
  /** Starts it, or takes over one that runs. @throws ClaudexError NO_PSEUDO_TERMINAL */
  open: (io: PtyIo) => Pty;
  /** What is kept of its output, from here on with what follows: none yet, for one that is only being started. */
  ring: OutputRing;
  /** The daemon asks for something beside typing. What it is told is that it is done, or why not. */
  onAsked?: (what: SupervisorRequest, sessionId: string, socketPath: string) => Promise<void>;
}

export class ClaudeOnPty {
  /** Claude has written. The bytes are overwritten by what it writes next, which `pty.pause` holds back. */
  readonly output = new Signal<Buffer>();
  /** Claude has read what it had not kept up with: keys are welcome again. */
  readonly writable = new Signal<void>();
  /** Keys of the person that had to wait behind a message are on their way only now: claude's answer to them comes from now on. */
  readonly lateKeys = new Signal<Buffer>();
  readonly pty: Pty;
  readonly #personKeys = new PersonKeys();
  readonly ring: OutputRing;
  readonly #lane: InputLane;
  readonly #options: ClaudeOnPtyOptions;
  /** Wait for claude's next output. */
  readonly #waiters = new Set<() => void>();
  #connection: DaemonConnection | undefined;
  #question: StartQuestion | null = null;
  #viewers = 0;
  #closed = false;

  /** Starts it. @throws ClaudexError NO_PSEUDO_TERMINAL */
  constructor(options: ClaudeOnPtyOptions) {
    this.#options = options;
    this.ring = options.ring;
    this.pty = options.open({
      onOutput: (bytes) => {
        // who watches comes first, then what we keep of it
        this.output.emit(bytes);
        this.ring.output(bytes);
        if (this.#waiters.size > 0) for (const came of this.#waiters) came();
      },
      onWritable: () => this.writable.emit(),
    });
    this.#lane = new InputLane(
      (bytes) => this.pty.write(bytes),
      (late) => this.lateKeys.emit(late),
    );
  }

  /** What the person had typed before claude was started, once, before `keys`. */
  typedAhead(bytes: Buffer): void {
    this.pty.typedAhead(bytes);
    this.#personKeys.take(bytes, steadyNow());
  }

  /** Keys of the person. False when claude does not keep up: no more should be read until `writable`. */
  keys(bytes: Buffer): boolean {
    // on their way first: what they mean is worked out while claude reads them
    const keepsUp = this.#lane.fromPerson(bytes);
    this.#personKeys.take(bytes, steadyNow());
    this.#connection?.keyPressed();
    return keepsUp;
  }

  /** Keys that are not the person's (Ctrl-Z, for `kill -TSTP`), in turn with the person's and with messages. */
  type(bytes: Buffer): void {
    this.#lane.fromPerson(bytes);
  }

  resize(size: WindowSize): void {
    this.ring.resized(size);
    this.pty.resize(size);
  }

  /**
   * Has claude draw its whole screen once more: it does when it finds another size, and only then
   * (docs/claude-facts.md#terminals-and-node-pty). `size`: the one that it has.
   */
  redraw(size: WindowSize): void {
    this.pty.resize({ ...size, rows: size.rows + 1 });
    setTimeout(() => {
      const { cols, rows } = this.ring.size;
      // meanwhile somebody may have given it another one
      this.pty.resize({ ...size, cols, rows });
    }, otherSizeForMs).unref();
  }

  /** Connects to the daemon, once claude has shown its first output, or has had a moment without any. */
  connectSoon(env: NodeJS.ProcessEnv): void {
    void Promise.race([this.#nextOutput(startDaemonAfterMs), this.pty.exited]).then(() => this.#connect(env));
  }

  /** What claude asks at its start, for the daemon to know; null when it asks nothing. */
  asks(question: StartQuestion | null): void {
    if (question === this.#question) return;
    this.#question = question;
    this.#connection?.asks(question);
  }

  /** How many look at it, its own terminal not among them, for the daemon to know. */
  viewedBy(count: number): void {
    if (count === this.#viewers) return;
    this.#viewers = count;
    this.#connection?.viewedBy(count);
  }

  /** Our id of the session, once a daemon has told it. */
  get sessionId(): string | undefined {
    return this.#connection?.sessionId();
  }

  /** Resolves when no message is being typed into it. */
  whenNobodyTypes(): Promise<void> {
    return this.#lane.whenFree();
  }

  /** Claude has ended, or is another's. */
  close(): void {
    this.#closed = true;
    this.#connection?.close();
  }

  async #connect(env: NodeJS.ProcessEnv): Promise<void> {
    try {
      const { connectToDaemon } = await import('./daemon-connection.ts');
      if (this.#closed) return;
      this.#connection = connectToDaemon({
        env,
        claudePid: this.pty.pid,
        claudeArgs: this.#options.args,
        keys: this.#personKeys,
        ring: this.ring,
        lane: this.#lane,
        nextOutput: (timeoutMs) => this.#nextOutput(timeoutMs),
        unread: () => this.pty.unread(),
        ...(this.#options.onAsked && { onAsked: this.#options.onAsked }),
      });
      if (this.#question !== null) this.#connection.asks(this.#question);
      this.#connection.viewedBy(this.#viewers);
    } catch {
      // the daemon side may fail in any way it likes: the session runs on, alone
    }
  }

  #nextOutput(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const came = (): void => {
        clearTimeout(timer);
        this.#waiters.delete(came);
        resolve();
      };
      const timer = setTimeout(came, timeoutMs).unref();
      this.#waiters.add(came);
    });
  }
}
