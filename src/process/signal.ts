/** One thing that can happen to a part, and who is told of it. (Inside a process; nothing to do with SIGTERM and its like.) */

import { guarded } from './guard.ts';

/** A part declares its signals and emits them. The wiring subscribes after all parts exist, so no part knows a later one. */
export class Signal<T> {
  readonly #listeners: Array<(value: T) => void> = [];

  /** Listeners are told in the order in which they were added. One that throws keeps the others from nothing. */
  add(listener: (value: T) => void): void {
    this.#listeners.push(listener);
  }

  /** One that was added is told no more. */
  remove(listener: (value: T) => void): void {
    const at = this.#listeners.indexOf(listener);
    if (at !== -1) this.#listeners.splice(at, 1);
  }

  emit(value: T): void {
    for (const listener of [...this.#listeners]) guarded('listener', () => listener(value));
  }
}
