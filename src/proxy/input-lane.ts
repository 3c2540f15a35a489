/**
 * The one writer to the pty. The person's keys go straight through; while a message is being typed they wait and follow
 * it in order, none lost.
 */
export class InputLane {
  readonly #write: (bytes: Buffer) => void;
  #waiting: Buffer[] = [];
  #reserved = false;

  constructor(write: (bytes: Buffer) => void) {
    this.#write = write;
  }

  get isReserved(): boolean {
    return this.#reserved;
  }

  /** Keys of the person. */
  fromPerson(bytes: Buffer): void {
    if (this.#reserved) this.#waiting.push(bytes);
    else this.#write(bytes);
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
      for (const bytes of waiting) this.#write(bytes);
    }
  }
}
