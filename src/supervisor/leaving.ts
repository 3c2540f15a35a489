/** The terminal is left while claude runs on: somebody has asked for it, or the terminal has gone and the session is to be kept. */
import { setTimeout as delay } from 'node:timers/promises';
import type { ClaudeOnPty } from '../runner/claude-on-pty.ts';
import type { LocalTty } from '../terminal/local-tty.ts';
import type { OutputRelay } from './output-relay.ts';

/** A session that has only just been started has no id yet: a daemon gives it one within this time, or there is none. */
const idTakesMs = 5000;
const idLookMs = 50;
/** A terminal that does not read is not waited for. */
const flushTakesMs = 1000;

export interface LeavingOptions {
  claude: ClaudeOnPty;
  tty: LocalTty;
  relay: OutputRelay;
  cwd: string;
  ownArgs: readonly string[];
  ownEnv: NodeJS.ProcessEnv;
  onHangup: 'end' | 'keep';
}

export class Leaving {
  /** A host has claude, as the session of that id. */
  readonly left: Promise<{ handedOver: string }>;
  readonly #options: LeavingOptions;
  #resolveLeft!: (end: { handedOver: string }) => void;
  #isLeaving = false;
  #isHungUp = false;

  constructor(options: LeavingOptions) {
    this.#options = options;
    this.left = new Promise((resolve) => {
      this.#resolveLeft = resolve;
    });
  }

  /** Hands claude over. @throws ClaudexError HOST_START_FAILED, HANDOVER_BUSY; the session then goes on as before */
  async leave(id: string, { hasTerminal }: { hasTerminal: boolean }): Promise<void> {
    if (this.#isLeaving) return;
    this.#isLeaving = true;
    try {
      const { handOver } = await import('./hand-over.ts');
      // who else looks stays when the terminal has gone by itself; `claudex detach` lets everybody go
      await handOver({ ...this.#options, id, viewersStay: !hasTerminal });
      this.#resolveLeft({ handedOver: id });
    } catch (error) {
      this.#isLeaving = false;
      if (this.#isHungUp) this.#options.claude.pty.kill('SIGHUP');
      throw error;
    }
  }

  /** The terminal has gone. @returns true when claude is to run on without it */
  hangUp(): boolean {
    if (this.#options.onHangup !== 'keep') return false;
    if (this.#isHungUp) return true;
    this.#isHungUp = true;
    if (!this.#isLeaving) void this.#keep();
    return true;
  }

  /** Leaves the terminal as it was found, with claude's last picture above. */
  async giveBack(overdue: Promise<void>): Promise<void> {
    const { tty } = this.#options;
    const flushed = (): Promise<unknown> => Promise.race([tty.flushed(), overdue, delay(flushTakesMs)]);
    await flushed();
    tty.undoModes(true);
    tty.write(Buffer.from(`\x1b[${Math.max(1, tty.size().rows)};1H\r\n`));
    await flushed();
  }

  async #keep(): Promise<void> {
    const { claude } = this.#options;
    for (let waitedMs = 0; claude.sessionId === undefined && waitedMs < idTakesMs; waitedMs += idLookMs)
      await delay(idLookMs);
    const id = claude.sessionId;
    // without a daemon nobody would find it again: it ends, as it would without us
    if (id === undefined) claude.pty.kill('SIGHUP');
    else await this.leave(id, { hasTerminal: false }).catch(() => undefined); // it has been hung up instead
  }
}
