/**
 * How much of what a browser typed has been taken, by stream of keys, also after its connection has died: the browser asks when it is
 * back, and sends the rest. A stream has one connection: what the last one may still hold is not taken any more.
 */
interface TypedStream {
  taken: number;
  /** Ends the connection that types into it. */
  end: (() => void) | undefined;
  lastMs: number;
}

/** A browser that comes back later than this begins anew. */
const keptMs = 15 * 60_000;
const maxKept = 1000;

export interface OpenStream {
  /** Bytes that have been taken before. */
  readonly taken: number;
  /** It was open before, in this process. */
  readonly isKnown: boolean;
  /** @returns all that has been taken now; undefined where another connection has the stream by now */
  take(count: number): number | undefined;
  /** The connection has ended. */
  close(): void;
}

export class TypedStreams {
  readonly #streams = new Map<string, TypedStream>();
  readonly #nowMs: () => number;

  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  /** `end` is called when another connection goes on with the stream. */
  open(name: string, end: () => void): OpenStream {
    this.#forget();
    const known = this.#streams.get(name);
    known?.end?.();
    const stream: TypedStream = { taken: known?.taken ?? 0, end, lastMs: this.#nowMs() };
    this.#streams.delete(name);
    this.#streams.set(name, stream);
    const isMine = (): boolean => this.#streams.get(name) === stream;
    return {
      taken: stream.taken,
      isKnown: known !== undefined,
      take: (count) => {
        if (!isMine()) return undefined;
        stream.taken += count;
        return stream.taken;
      },
      close: () => {
        stream.end = undefined;
        stream.lastMs = this.#nowMs();
      },
    };
  }

  #forget(): void {
    const nowMs = this.#nowMs();
    for (const [name, { end, lastMs }] of this.#streams) {
      if (end === undefined && (nowMs - lastMs > keptMs || this.#streams.size >= maxKept)) this.#streams.delete(name);
    }
  }
}
