/** Wakes a managed session when a message for it is due. */
import type { Clock } from '../../process/clock.ts';
import { isReadyTask, nextDueInMs } from '../delivery/due-messages.ts';
import type { Mailbox } from '../messages/mailbox.ts';
import type { ManagedStore } from './managed-store.ts';

export interface WakeByMessageOptions {
  store: ManagedStore;
  mailbox: Mailbox;
  clock: Clock;
  wake: (id: string) => void;
}

export class WakeByMessage {
  readonly #options: WakeByMessageOptions;
  readonly #timers = new Map<string, NodeJS.Timeout>();

  constructor(options: WakeByMessageOptions) {
    this.#options = options;
  }

  /** Something about that session's messages has changed, or it has gone to sleep. */
  check(id: string): void {
    const { store, mailbox, clock, wake } = this.#options;
    clearTimeout(this.#timers.get(id));
    this.#timers.delete(id);
    if (store.get(id)?.state !== 'sleeping') return;
    const now = clock.timeOfDay();
    const isDue = mailbox.firstOpen(id, (one) => isReadyTask(one, now)) !== undefined;
    if (isDue) wake(id);
    const dueInMs = isDue ? undefined : nextDueInMs(mailbox.openFor(id), now);
    if (dueInMs !== undefined)
      this.#timers.set(
        id,
        setTimeout(() => this.check(id), dueInMs),
      );
  }

  checkAll(): void {
    for (const { id } of this.#options.store.all()) this.check(id);
  }

  close(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
  }
}
