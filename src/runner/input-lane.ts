/**
 * The one writer to the pty. The person's keys go straight through; while a message is being typed they wait and follow
 * it in order, none lost.
 */
export class InputLane {
  readonly #write: (bytes: Buffer) => boolean;
  readonly #onLate: (bytes: Buffer) => void;
  #waiting: Buffer[] = [];
  #reserved = false;
  #onFree: (() => void) | undefined;

  /** `write` says whether claude keeps up. `onLate` hears of the person's keys that had to wait, when they are on their way. */
  constructor(write: (bytes: Buffer) => boolean, onLate: (bytes: Buffer) => void) {
    this.#write = write;
    this.#onLate = onLate;
  }

  /** Keys of the person. False when claude does not keep up, and no more should be read for now. */
  fromPerson(bytes: Buffer): boolean {
    if (!this.#reserved) return this.#write(bytes);
    this.#waiting.push(bytes);
    return true;
  }

  /** Resolves when no message is being typed, in the turn of the event loop in which that is so. */
  async whenFree(): Promise<void> {
    while (this.#reserved) {
      await new Promise<void>((resolve) => {
        this.#onFree = resolve;
      });
    }
  }

  /** Runs `type` with the lane to itself. Whatever the person pressed meanwhile follows when it is done. */
  async reserve<T>(type: (write: (bytes: Buffer) => void) => Promise<T>): Promise<T> {
    if (this.#reserved) throw new Error('the input lane is reserved already');
    this.#reserved = true;
    try {
      return await type(this.#write);
    } finally {
      this.#reserved = false;
      const waiting = this.#waiting;
      this.#waiting = [];
      for (const bytes of waiting) {
        this.#write(bytes);
        this.#onLate(bytes);
      }
      this.#onFree?.();
    }
  }
}
