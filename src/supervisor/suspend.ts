/**
 * Ctrl-Z: claude gives up the terminal, then we stop together with it, as the shell's one job; `fg` brings both back.
 * Also `kill -TSTP` of claudex: claude is asked to suspend first, so that it leaves its terminal modes itself.
 */
import { announcesSuspend, ctrlZ, holdsCtrlZ } from '../claude/session/suspend-notice.ts';
import type { Pty } from '../terminal/pty/spawn-pty.ts';

/** Claude answers Ctrl-Z at once, or not at all (it may mean something else to what is on the screen). */
const noticeWindowMs = 2000;
/** `kill -TSTP` stops us after this long also when claude has other things to do than to answer Ctrl-Z. */
const stopAnywayMs = 1000;
/** A stop that has no effect (our own group is orphaned: nested, no job control) is taken back after this long. */
const stopTakesMs = 200;

export interface SuspendOptions {
  pty: Pty;
  /** Types into claude, in turn with the person and with messages. */
  type: (keys: Buffer) => void;
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
  #stopAnyway: NodeJS.Timeout | undefined;
  #takeBack: NodeJS.Timeout | undefined;

  constructor(options: SuspendOptions) {
    this.#options = options;
    process.on('SIGTSTP', this.#onStopSignal);
    process.on('SIGCONT', this.#onContinue);
    process.on('SIGCHLD', this.#onChildSignal);
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
    clearTimeout(this.#stopAnyway);
    clearTimeout(this.#takeBack);
    process.removeListener('SIGTSTP', this.#onStopSignal);
    process.removeListener('SIGCONT', this.#onContinue);
    process.removeListener('SIGCHLD', this.#onChildSignal);
  }

  #watch(): void {
    this.#watchUntil = this.#options.now() + noticeWindowMs;
    this.#tail = '';
  }

  readonly #onStopSignal = (): void => {
    if (this.#stopped) return;
    this.#watch();
    this.#options.type(ctrlZ);
    this.#stopAnyway ??= setTimeout(() => this.#stop(), stopAnywayMs);
  };

  /** Claude was stopped from outside (`kill -STOP`), and not by us: the shell is to have its terminal, as it would directly. */
  readonly #onChildSignal = (): void => {
    // loaded here only: it loads node:child_process, which no session's start should wait for
    import('../process/identity.ts')
      .then(async ({ isStopped }) => {
        if (this.#stopped || !isStopped(this.#options.pty.pid)) return;
        await this.#options.flushed();
        if (isStopped(this.#options.pty.pid)) this.#stop(() => this.#options.takeTerminal());
      })
      .catch(() => undefined); // our files have gone: claude stands still, as it was told to
  };

  /** @param noEffect where nobody can stop us: by default both go on */
  #stop(noEffect: () => void = () => this.#continueClaude()): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#watchUntil = 0;
    clearTimeout(this.#stopAnyway);
    this.#stopAnyway = undefined;
    this.#options.pty.kill('SIGSTOP');
    this.#options.releaseTerminal();
    process.removeListener('SIGTSTP', this.#onStopSignal);
    // our whole job, as the terminal's own Ctrl-Z would
    process.kill(0, 'SIGTSTP');
    this.#takeBack = setTimeout(() => {
      this.#goOn();
      noEffect();
    }, stopTakesMs);
  }

  #goOn(): void {
    clearTimeout(this.#takeBack);
    if (this.#stopped) process.on('SIGTSTP', this.#onStopSignal);
    this.#stopped = false;
  }

  #continueClaude(): void {
    // also after a stop that we were not asked about (kill -STOP): the shell has had the terminal meanwhile
    this.#options.takeTerminal();
    this.#options.pty.kill('SIGCONT');
  }

  readonly #onContinue = (): void => {
    this.#goOn();
    this.#continueClaude();
  };
}
