/** The open messages of one recipient in the order they were accepted, counted by state. Stays fast with thousands of them. */
import type { Message, MessageState } from '../../protocol/message.ts';

export class OpenQueue {
  /** Rising places; `#messages` beside it. */
  readonly #places: number[] = [];
  readonly #messages: Message[] = [];
  readonly #counts = new Map<MessageState, number>();

  /** In order; a copy, so that messages may be moved while it is walked. */
  all(): Message[] {
    return [...this.#messages];
  }

  /** The oldest that fits; looks no further. */
  first(fits: (message: Message) => boolean): Message | undefined {
    return this.#messages.find(fits);
  }

  count(state: MessageState): number {
    return this.#counts.get(state) ?? 0;
  }

  /** Files a message at its place, wherever in the queue that is. */
  add(message: Message, place: number): void {
    const index = this.#indexOf(place);
    this.#places.splice(index, 0, place);
    this.#messages.splice(index, 0, message);
    this.counted(message.state, 1);
  }

  /** @returns false when the message is not here: then nothing has changed */
  remove(message: Message, place: number): boolean {
    const index = this.#indexOf(place);
    if (this.#messages[index] !== message) return false;
    this.#places.splice(index, 1);
    this.#messages.splice(index, 1);
    this.counted(message.state, -1);
    return true;
  }

  get isEmpty(): boolean {
    return this.#messages.length === 0;
  }

  /** A message here changes its state: call with -1 before and 1 after. */
  counted(state: MessageState, change: 1 | -1): void {
    this.#counts.set(state, this.count(state) + change);
  }

  /** Where `place` stands or would stand. */
  #indexOf(place: number): number {
    let low = 0;
    let high = this.#places.length;
    // nearly always the newest
    if (high > 0 && this.#places[high - 1]! < place) return high;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#places[middle]! < place) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
