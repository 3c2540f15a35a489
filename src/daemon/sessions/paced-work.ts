/**
 * Work on all sessions that a change of one of them makes due: done once for all changes that come together, and, because it
 * costs the more the more sessions there are, the rarer the more there are. So a change costs about the same with ten sessions as with a thousand.
 */
import { guarded } from '../../process/guard.ts';

/** With so many sessions or fewer it is done in the next turn of the event loop. */
const fewSessions = 50;

export class PacedWork {
  readonly #name: string;
  readonly #work: () => void;
  #cancel: (() => void) | undefined;

  /** @param name what its failure is reported as */
  constructor(name: string, work: () => void) {
    this.#name = name;
    this.#work = work;
  }

  /** Something has changed, and there are `sessionCount` sessions: a millisecond of patience for each. */
  dueSoon(sessionCount: number): void {
    if (this.#cancel) return;
    const run = (): void => {
      this.#cancel = undefined;
      guarded(this.#name, this.#work);
    };
    if (sessionCount <= fewSessions) {
      const immediate = setImmediate(run);
      this.#cancel = () => clearImmediate(immediate);
    } else {
      const timer = setTimeout(run, sessionCount).unref();
      this.#cancel = () => clearTimeout(timer);
    }
  }

  /** Nothing is due any more. @returns whether something was */
  cancel(): boolean {
    const wasDue = this.#cancel !== undefined;
    this.#cancel?.();
    this.#cancel = undefined;
    return wasDue;
  }
}
