/** Names in the log what was refused: the first time at once, then once a minute with how often. A machine that floods fills no disk. */
import type { Log } from '../home/log.ts';
import type { Clock } from '../process/clock.ts';

const everyMs = 60_000;
const mostKinds = 200;

export class RefusalLog {
  readonly #log: Log;
  readonly #clock: Pick<Clock, 'steady'>;
  readonly #told = new Map<string, { atMs: number; untold: number }>();

  constructor(log: Log, clock: Pick<Clock, 'steady'>) {
    this.#log = log;
    this.#clock = clock;
  }

  note(from: string, why: string): void {
    const now = this.#clock.steady();
    const kind = `${from} ${why}`;
    const known = this.#told.get(kind);
    if (known && now - known.atMs < everyMs) {
      known.untold++;
      return;
    }
    if (this.#told.size >= mostKinds) this.#told.clear();
    this.#log('mail refused', { machine: from, why, ...(known && known.untold > 0 && { times: known.untold + 1 }) });
    this.#told.set(kind, { atMs: now, untold: 0 });
  }
}
