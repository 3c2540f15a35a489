/** Ends a daemon that nobody has needed for a while. One timer, which wakes the process once in that time. */
import type { Server } from 'node:http';
import type { Clock } from '../process/clock.ts';
import { Signal } from '../process/signal.ts';

export interface IdleExitOptions {
  /** How long it stays without being needed. */
  idleExitMs: number;
  /** A session lives, or a message waits. */
  isNeeded: () => boolean;
  clock: Clock;
}

export class IdleExit {
  /** Nobody has needed the daemon for long enough. */
  readonly due = new Signal<void>();
  readonly #options: IdleExitOptions;
  #neededSteadyMs: number;
  #openRequests = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: IdleExitOptions) {
    this.#options = options;
    this.#neededSteadyMs = options.clock.steady();
  }

  /** Counts what is asked of the server; who looks on (an event stream), waits or supervises keeps a request open. */
  watch(server: Server): void {
    server.on('request', (_request, response) => {
      this.#openRequests++;
      response.once('close', () => {
        this.#openRequests--;
        this.touch();
      });
    });
  }

  /** From now on. */
  start(): void {
    this.touch();
    this.#arm(this.#options.idleExitMs);
  }

  /** It was needed until now. */
  touch(): void {
    this.#neededSteadyMs = this.#options.clock.steady();
  }

  /** What is left, as told to somebody who asks by a request of their own; null while something needs the daemon. */
  leftMs(): number | null {
    return this.#options.isNeeded() || this.#openRequests > 1 ? null : this.#options.idleExitMs;
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #arm(ms: number): void {
    this.#timer = setTimeout(() => this.#look(), ms);
    this.#timer.unref();
  }

  #look(): void {
    if (this.#openRequests > 0 || this.#options.isNeeded()) this.touch();
    const leftMs = this.#neededSteadyMs + this.#options.idleExitMs - this.#options.clock.steady();
    if (leftMs > 0) this.#arm(leftMs);
    else this.due.emit();
  }
}
