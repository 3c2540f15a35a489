/** Starts the bridge again when it has gone without a word, at growing intervals. It asks for mail for as long as it lives. */
import type { ServerResponse } from 'node:http';
import { type Log, wordsOf } from '../../home/log.ts';
import type { Mesh } from './other-machines.ts';

/** Between two of its questions. */
const quietMs = 3000;
const longestPauseMs = 60_000;

export class BridgeKeeper {
  readonly #mesh: Pick<Mesh, 'look' | 'startBridge'>;
  readonly #log: Log;
  #timer: NodeJS.Timeout | undefined;
  #open = 0;
  #pauseMs = quietMs;
  /** Since when the bridge asks that is there, or was last. */
  #sinceMs: number | undefined;
  #isClosed = false;

  constructor(mesh: Pick<Mesh, 'look' | 'startBridge'>, log: Log) {
    this.#mesh = mesh;
    this.#log = log;
  }

  /** It asks, and is there for as long as that is open. */
  asked(response: ServerResponse): void {
    this.#open++;
    clearTimeout(this.#timer);
    this.#sinceMs ??= performance.now();
    const sinceMs = this.#sinceMs;
    response.once('close', () => {
      this.#open--;
      // one that lives for a while has not just been started to die, however short its questions are
      if (performance.now() - sinceMs > quietMs) this.#pauseMs = quietMs;
      if (this.#open === 0) this.#later();
    });
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  #later(): void {
    clearTimeout(this.#timer);
    if (this.#isClosed) return;
    this.#timer = setTimeout(() => void this.#start(), this.#pauseMs);
    this.#timer.unref();
  }

  async #start(): Promise<void> {
    if (this.#open > 0 || !this.#mesh.look()) return;
    this.#sinceMs = undefined;
    this.#pauseMs = Math.min(2 * this.#pauseMs, longestPauseMs);
    try {
      this.#log('bridge is gone: starting it again');
      await this.#mesh.startBridge();
    } catch (error) {
      this.#log('bridge not started', { error: wordsOf(error) });
    }
    if (this.#open === 0) this.#later();
  }
}
