/** The newest events, numbered, so that whoever was away for a moment is told what was missed. */
import { randomBytes } from 'node:crypto';
import { Signal } from '../process/signal.ts';

export interface WebEvent {
  /** `<epoch>:<number>`; the epoch is this process's own. */
  id: string;
  /** `session`, `session_removed`, `message`, `question`, `daemon`, … */
  type: string;
  /** JSON. */
  data: string;
}

const keptEvents = 2000;
const keptBytes = 8 * 1024 * 1024;

export class EventRing {
  readonly epoch = randomBytes(6).toString('hex');
  readonly added = new Signal<WebEvent>();
  readonly #events: WebEvent[] = [];
  #bytes = 0;
  #last = 0;

  get lastId(): string {
    return `${this.epoch}:${this.#last}`;
  }

  add(type: string, value: unknown): void {
    const event = { id: `${this.epoch}:${++this.#last}`, type, data: JSON.stringify(value) };
    this.#events.push(event);
    this.#bytes += event.data.length;
    while (this.#events.length > keptEvents || this.#bytes > keptBytes) {
      const oldest = this.#events.shift();
      if (!oldest) break;
      this.#bytes -= oldest.data.length;
    }
    this.added.emit(event);
  }

  /** What came after that id; undefined when it is of another process, or too long ago. */
  after(id: string): WebEvent[] | undefined {
    const [epoch, text] = id.split(':');
    const seen = Number(text);
    if (epoch !== this.epoch || !Number.isInteger(seen) || seen < 0 || seen > this.#last) return undefined;
    const missed = this.#last - seen;
    return missed > this.#events.length ? undefined : this.#events.slice(this.#events.length - missed);
  }
}
