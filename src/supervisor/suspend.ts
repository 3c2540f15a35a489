/**
 * Ctrl-Z: claude gives up the terminal, then we stop together with it, as the shell's one job; `fg` brings both back.
 * Also `kill -TSTP` of claudex: claude is asked to suspend first, so that it leaves its terminal modes itself.
 */
import { announcesSuspend, ctrlZ, holdsCtrlZ } from '../claude/suspend-notice.ts';
import type { Pty } from '../pty/spawn-pty.ts';

/** Claude answers Ctrl-Z at once, or not at all (it may mean something else to what is on the screen). */
const noticeWindowMs = 2000;
/** A stop that has no effect (our own group is orphaned: nested, no job control) is taken back after this long. */
const stopTakesMs = 200;

export interface SuspendOptions {
  pty: Pty;
  /** Resolves when all of claude's output has reached the outer terminal. */
  flushed: () => Promise<void>;
  /** Gives the outer terminal back to the shell, and takes it again. */
  releaseTerminal: () => void;
  takeTerminal: () => void;
  now: () => number;
}

export class Suspend {
  readonly #options: SuspendOptions;
  #watchUntil = 0;
  #tail = '';
  #stopped = false;

  constructor(options: SuspendOptions) {
    this.#options = options;
    process.on('SIGTSTP', this.#onStopSignal);
    process.on('SIGCONT', this.#onContinue);
  }

  /** Keys on their way to claude. */
  keys(bytes: Buffer): void {
    if (holdsCtrlZ(bytes)) this.#watch();
  }

  /** Output of claude on its way to the terminal. */
  output(bytes: Buffer): void {
    if (this.#watchUntil === 0) return;
    if (this.#options.now() > this.#watchUntil) {
      this.#watchUntil = 0;
      return;
    }
    this.#tail = (this.#tail + bytes.toString('latin1')).slice(-2000);
    if (!announcesSuspend(this.#tail)) return;
    this.#watchUntil = 0;
    void this.#options.flushed().then(() => this.#stop());
  }

  dispose(): void {
    process.removeListener('SIGTSTP', this.#onStopSignal);
    process.removeListener('SIGCONT', this.#onContinue);
  }

  #watch(): void {
    this.#watchUntil = this.#options.now() + noticeWindowMs;
    this.#tail = '';
  }

  readonly #onStopSignal = (): void => {
    if (this.#stopped) return;
    this.#watch();
    this.#options.pty.write(ctrlZ);
  };

  #stop(): void {
    this.#stopped = true;
    this.#options.pty.kill('SIGSTOP');
    this.#options.releaseTerminal();
    process.removeListener('SIGTSTP', this.#onStopSignal);
    // our whole job, as the terminal's own Ctrl-Z would
    process.kill(0, 'SIGTSTP');
    setTimeout(this.#onContinue, stopTakesMs);
  }

  readonly #onContinue = (): void => {
    if (!this.#stopped) return;
    this.#stopped = false;
    process.on('SIGTSTP', this.#onStopSignal);
    this.#options.takeTerminal();
    this.#options.pty.kill('SIGCONT');
  };
}
