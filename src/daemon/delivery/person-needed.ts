/** Who is told that a message waits for a person: once for each message, however often it is looked at. */
import { Signal } from '../../process/signal.ts';
import type { Message } from '../../protocol/message.ts';
import type { Session } from '../sessions/session.ts';

/** What a stuck message waits for. */
export const stuckNotice = 'your word: nobody knows whether it went in (claudex inbox)';

export class PersonNeeded {
  readonly needed = new Signal<{ session: Session; reason: string }>();
  readonly #told = new WeakMap<Message, string>();

  /** Another reason is told of again. */
  tell(session: Session, message: Message, reason: string): void {
    if (this.#told.get(message) === reason) return;
    this.#told.set(message, reason);
    this.needed.emit({ session, reason });
  }
}
