/**
 * Claude's output on its way to the person's terminal: as it comes; or, while somebody else looks as well, by way of the shared
 * screen, on which the person's terminal is one viewer more. What that takes is loaded when somebody first asks.
 */
import type { ClaudeOnPty } from '../runner/claude-on-pty.ts';
import type { LocalTty } from '../terminal/local-tty.ts';
import type { PtyExit } from '../terminal/pty/spawn-pty.ts';
import type { ScreenSharing } from './screen-sharing.ts';

export interface OutputRelayOptions {
  claude: ClaudeOnPty;
  tty: LocalTty;
  cwd: string;
}

export class OutputRelay {
  readonly #options: OutputRelayOptions;
  #sharing: ScreenSharing | undefined;
  /** One is asked for at a time. */
  #begun: Promise<void> | undefined;

  constructor(options: OutputRelayOptions) {
    this.#options = options;
  }

  output(bytes: Buffer): void {
    const { tty, claude } = this.#options;
    if (this.#sharing) this.#sharing.output(bytes);
    else if (!tty.write(bytes)) claude.pty.pause();
  }

  /** The terminal keeps up again. */
  writable(): void {
    if (this.#sharing) this.#sharing.writable();
    else this.#options.claude.pty.resume();
  }

  /** The person has sent these to claude. */
  typed(bytes: Buffer): void {
    this.#sharing?.typed(bytes);
  }

  /** The person's terminal has another size, or may have. */
  resized(): void {
    const { tty, claude } = this.#options;
    if (this.#sharing) this.#sharing.resized();
    else claude.resize(tty.size());
  }

  /** Resolves when what has come so far has reached the terminal, or the terminal is gone. */
  async flushed(): Promise<void> {
    await this.#sharing?.flushed();
    await this.#options.tty.flushed();
  }

  /** Lets viewers come, by that socket, until none has been there for a while. @throws ClaudexError */
  share(id: string, socketPath: string): Promise<void> {
    this.#begun ??= this.#share(id, socketPath).finally(() => {
      this.#begun = undefined;
    });
    return this.#begun;
  }

  /** Claude has ended, and viewers are told. Resolves when the terminal has been given all its output. */
  async ended(exit: PtyExit): Promise<void> {
    await this.#sharing?.flushed();
    this.#sharing?.ended(exit);
  }

  async #share(id: string, socketPath: string): Promise<void> {
    if (this.#sharing) return this.#sharing.stay();
    const { ScreenSharing } = await import('./screen-sharing.ts');
    // from here on output goes there, in the same turn in which the screen has caught up
    this.#sharing = await ScreenSharing.begin({
      ...this.#options,
      id,
      socketPath,
      ended: () => {
        this.#sharing = undefined;
        this.resized();
      },
    });
    await this.#sharing.open();
  }
}
