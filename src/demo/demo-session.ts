/** A person's terminal with `claudex` in it: a pty, what it has printed, and the screen that makes. */
import { once } from 'node:events';
import { join } from 'node:path';
import { packageRoot } from '../home/package.ts';
import { loadNodePty } from '../terminal/pty/load-node-pty.ts';
import { type Pty, type PtyExit, spawnPty } from '../terminal/pty/spawn-pty.ts';
import { renderScreen } from '../terminal/screen-model.ts';
import { loadTtyCalls } from '../terminal/tty-calls.ts';

export const demoScreen = { cols: 92, rows: 24 };

/** How long claude may take to end before it is made to. */
const endTimeoutMs = 6000;

export class DemoSession {
  readonly #pty: Pty;
  readonly #output: Buffer[] = [];
  readonly #events = new EventTarget();
  #exit: PtyExit | undefined;

  /** Types `claudex` into a terminal in `cwd`. */
  constructor(cwd: string, env: Record<string, string>) {
    this.#pty = spawnPty({
      library: loadNodePty(),
      file: process.execPath,
      args: [join(packageRoot(), 'bin', 'claudex.js')],
      cwd,
      env: { ...env, PWD: cwd },
      size: { ...demoScreen, pixelWidth: 0, pixelHeight: 0 },
      settings: undefined,
      calls: loadTtyCalls(),
      onOutput: (bytes) => {
        this.#output.push(Buffer.from(bytes));
        this.#events.dispatchEvent(new Event('change'));
      },
      onWritable: () => undefined,
    });
    void this.#pty.exited.then((exit) => {
      this.#exit = exit;
      this.#events.dispatchEvent(new Event('change'));
    });
  }

  /** How it ended, once it has. */
  get exited(): Promise<PtyExit> {
    return this.#pty.exited;
  }

  /** The rows that are not blank, as the terminal shows them now. */
  async rows(): Promise<string[]> {
    const rows = await renderScreen(demoScreen, [...this.#output]);
    return rows.map((row) => row.text).filter((text) => text.trim() !== '');
  }

  /** Resolves with the rows once `wanted` holds. False when it does not within `timeoutMs` or the session has ended. */
  async waitForScreen(wanted: (rows: string[]) => boolean, timeoutMs: number): Promise<string[] | false> {
    const timeout = AbortSignal.timeout(timeoutMs);
    while (!timeout.aborted) {
      const change = once(this.#events, 'change', { signal: timeout });
      change.catch(() => undefined); // the time is up: the loop sees it
      const rows = await this.rows();
      if (wanted(rows)) return rows;
      if (this.#exit) return false;
      await change.catch(() => undefined);
    }
    return false;
  }

  /** Closes the terminal window: claude ends in order, or is ended. */
  async close(): Promise<void> {
    if (this.#exit) return;
    this.#pty.kill('SIGHUP');
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(() => {
        this.#pty.kill('SIGKILL');
        resolve();
      }, endTimeoutMs);
    });
    await Promise.race([this.#pty.exited, late]);
    clearTimeout(timer);
  }
}
