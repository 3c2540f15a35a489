/** The end of a pty's output: node-pty reports the exit of a process, never the end of what it wrote. */
import { writeSync } from 'node:fs';
import { systemErrorCode } from '../../errors/claudex-error.ts';

/**
 * More than a terminal holds (Linux: 8 KB and a page): what comes after so much, since the exit, is another program's, which
 * has outlived ours. It may keep the sentinel out, or have its own output in the middle of it.
 */
const maxTailBytes = 128 * 1024;

/**
 * Passes output on, and after the exit finds the end of it: what stands before a sentinel that we write to the slave. We hold
 * the slave open, so that the kernel keeps the tail; without that 76 of 390 bursts came short (docs/claude-facts.md#terminals-and-node-pty).
 */
export class Drain {
  readonly #slave: number;
  readonly #onOutput: (bytes: Buffer) => void;
  #sentinel: Buffer | undefined;
  /** Bytes that may be the beginning of the sentinel. */
  #held: Buffer = Buffer.alloc(0);
  #unwritten: Buffer = Buffer.alloc(0);
  #tailBytes = 0;
  #finished: (() => void) | undefined;

  constructor(slave: number, onOutput: (bytes: Buffer) => void) {
    this.#slave = slave;
    this.#onOutput = onOutput;
  }

  take(bytes: Buffer): void {
    if (!this.#sentinel) {
      this.#onOutput(bytes);
      return;
    }
    const all = Buffer.concat([this.#held, bytes]);
    const end = all.indexOf(this.#sentinel);
    const ready = end === -1 ? Math.max(0, all.length - this.#sentinel.length) : end;
    this.#held = all.subarray(ready);
    if (ready > 0) this.#onOutput(all.subarray(0, ready));
    this.#tailBytes += bytes.length;
    if (end !== -1 || this.#tailBytes > maxTailBytes) this.#finished?.();
    else this.#writeSentinel();
  }

  /** Resolves when all output has been passed on: with a stopped outer terminal, when that goes on or `abandon` is called. */
  finish(): Promise<void> {
    const { randomBytes } = process.getBuiltinModule('node:crypto');
    this.#sentinel = Buffer.from(randomBytes(16).toString('hex'), 'latin1');
    this.#unwritten = this.#sentinel;
    return new Promise((resolve) => {
      this.#finished = resolve;
      this.#writeSentinel();
    });
  }

  /** Nobody will read the rest. */
  abandon(): void {
    this.#finished?.();
  }

  /** The slave's buffer may be full: the rest is written as the master is read. */
  #writeSentinel(): void {
    try {
      while (this.#unwritten.length > 0)
        this.#unwritten = this.#unwritten.subarray(writeSync(this.#slave, this.#unwritten));
    } catch (error) {
      if (systemErrorCode(error) === 'EAGAIN') return;
      this.#finished?.(); // the terminal has been hung up: nothing more will come
    }
  }
}
