/** What the bridge has of the messages for one machine, and when they go out again. In memory, and pure: it is told the steady time. */

/** Without a word of a machine that is there, what it has not confirmed goes out again after this long; then after twice that, and so on. */
const resendMs = { first: 8000, most: 60_000 };
/** Without a word, it is asked what has become of what it has. */
const askMs = { first: 5000, most: 300_000 };
/** The server has refused a piece. */
const blockedMs = 5000;
/**
 * Messages that are under way and not confirmed, at most. The other machine's mailbox takes 128 pieces of this one (`mostPieces` in
 * mesh/mailbox.ts): each of these may have to be taken back, which is one more, and answers go the same way.
 */
export const mostUnderWay = 40;

interface Flight {
  key: string;
  /** When it was handed over. */
  handedMs: number;
  /** When the server has said that it has it; undefined before. */
  publishedMs?: number;
}

export class Lane {
  /** Why the server takes nothing for this machine. */
  trouble: string | undefined;
  /** It is to be asked what has become of its messages. */
  asks = false;
  readonly #flights = new Map<string, Flight>();
  /** How often each message has gone out that has done so more than once. */
  readonly #tries = new Map<string, number>();
  #line = '';
  #blockedUntilMs = Number.NEGATIVE_INFINITY;
  #wasPresent = false;
  /** When it has last confirmed one, or has come back. */
  #confirmedMs = 0;
  /** Its last word. */
  #heardMs = 0;
  #askedMs = Number.NEGATIVE_INFINITY;
  #resendMs = resendMs.first;
  #askMs = askMs.first;
  #asked = 0;

  /** The bridge's line is this one. What another one had, and the server did not confirm, may be lost. */
  onLine(line: string): void {
    if (line === this.#line) return;
    this.#line = line;
    for (const [id, flight] of this.#flights) if (flight.publishedMs === undefined) this.#flights.delete(id);
  }

  isBlocked(now: number): boolean {
    return now < this.#blockedUntilMs;
  }

  /** No more messages are to go out until it has confirmed some. */
  get isFull(): boolean {
    return this.#flights.size >= mostUnderWay;
  }

  has(id: string): boolean {
    return this.#flights.has(id);
  }

  /** @returns the key of the piece: the first time the message's own id, by which the server knows a second one */
  handOver(id: string, now: number): string {
    const tries = this.#tries.get(id) ?? 0;
    this.#tries.set(id, tries + 1);
    const key = tries === 0 ? id : `${id}.${tries}.${Math.floor(now)}`;
    this.#flights.set(id, { key, handedMs: now });
    return key;
  }

  /** @returns the key of a question what has become of its messages */
  ask(now: number): string {
    this.asks = false;
    this.#askedMs = now;
    return `a${process.pid}.${Math.floor(now)}.${this.#asked++}`;
  }

  /** The server has a piece, or why not: then what came behind it is to come behind it again. */
  done(key: string, error: string | undefined, now: number): void {
    const ids = [...this.#flights.keys()];
    const at = ids.findIndex((id) => this.#flights.get(id)!.key === key);
    if (at === -1) return;
    if (error === undefined) {
      this.#flights.get(ids[at]!)!.publishedMs = now;
      this.trouble = undefined;
      return;
    }
    this.trouble = error;
    this.#blockedUntilMs = now + blockedMs;
    for (const id of ids.slice(at)) this.#flights.delete(id);
  }

  /** A word of the machine has come. */
  heard(now: number): void {
    this.#heardMs = now;
    this.#askMs = askMs.first;
  }

  /** The machine has confirmed one: they come in order, so the others are on their way. */
  confirmed(id: string, now: number): void {
    this.forget(id);
    this.#confirmedMs = now;
    this.#resendMs = resendMs.first;
  }

  /** It is to go out anew, if at all. */
  forget(id: string): void {
    this.#flights.delete(id);
  }

  /**
   * A look at the time. @param out what it has not confirmed @param hasMore it has messages beside those
   * @returns true when something is to go out
   */
  look(now: number, isPresent: boolean, out: readonly string[], hasMore: boolean): boolean {
    const waiting = new Set(out);
    for (const id of this.#tries.keys()) if (!waiting.has(id)) this.#tries.delete(id);
    for (const id of this.#flights.keys()) if (!waiting.has(id)) this.#flights.delete(id);
    if (isPresent && !this.#wasPresent) {
      this.heard(now);
      this.#confirmedMs = now;
      this.#resendMs = resendMs.first;
    }
    this.#wasPresent = isPresent;
    if (!isPresent) return false;
    const sinceMs = [...this.#flights.values()].map(({ publishedMs, handedMs }) => publishedMs ?? handedMs);
    if (sinceMs.length > 0 && now - Math.max(this.#confirmedMs, Math.min(...sinceMs)) > this.#resendMs) {
      for (const id of out) this.#flights.delete(id);
      this.#resendMs = Math.min(2 * this.#resendMs, resendMs.most);
    }
    if (hasMore && now - Math.max(this.#heardMs, this.#askedMs) > this.#askMs) {
      this.asks = true;
      this.#askMs = Math.min(2 * this.#askMs, askMs.most);
    }
    return this.asks || (!this.isBlocked(now) && !this.isFull && out.some((id) => !this.has(id)));
  }
}
