/**
 * A person at a terminal: starts a program in a PTY, types, and looks at the screen (a model kept by @xterm/headless).
 * The terminal stays open after the program's exit, until `dispose`, so that what it left behind can be examined.
 */
import xterm from '@xterm/headless';
import { PtyWriter } from '../../src/terminal/pty/pty-writer.ts';
import { isAlive } from './processes.ts';
import { holdOpen, spawnPty } from './pty-tail.ts';
import { registerProcess, registerResource } from './resources.ts';

const keys = {
  enter: '\r',
  esc: '\x1b',
  up: '\x1b[A',
  down: '\x1b[B',
  right: '\x1b[C',
  left: '\x1b[D',
  tab: '\t',
  backspace: '\x7f',
  'ctrl-c': '\x03',
  'ctrl-d': '\x04',
  'ctrl-u': '\x15',
  'ctrl-z': '\x1a',
  'ctrl-\\': '\x1c',
} as const;

export type KeyName = keyof typeof keys;

export interface PtyOptions {
  cwd: string;
  env: Record<string, string>;
  /** 100 by default. */
  cols?: number;
  /** 30 by default. */
  rows?: number;
}

export interface PtyExit {
  /** Exit code; null when a signal ended it. */
  code: number | null;
  /** Number of the signal that ended it, or null. */
  signal: number | null;
}

export type ScreenPredicate = string | RegExp | ((screen: string) => boolean);

export interface PtyDriver {
  readonly pid: number;
  /** Resolves once the program has exited and all its output is on the screen. */
  readonly exit: Promise<PtyExit>;
  /** Writes these bytes in one write. */
  write(bytes: string | Uint8Array): void;
  /** Types text, as one write. */
  type(text: string): void;
  key(name: KeyName): void;
  /** A bracketed paste, without Enter. */
  paste(text: string): void;
  resize(cols: number, rows: number): void;
  /** Stops reading, as a terminal whose output was stopped; returns what makes it go on. */
  stopReading(): () => void;
  /** The visible lines, trimmed at the right and below. */
  screen(): string;
  /** The visible rows, with and without their dim cells: a program draws its placeholders dim. */
  shownRows(): Array<{ text: string; brightText: string }>;
  /** As `screen`, with everything that scrolled out above. */
  screenWithHistory(): string;
  /** Column and row of the cursor, from 0, within the visible screen. */
  cursor(): { column: number; row: number };
  /** True while the alternate screen is shown. */
  inAlternateScreen(): boolean;
  /** Terminal modes that the program has set and not reset. */
  modes(): PtyModes;
  /** Everything the program wrote so far. */
  rawOutput(): Buffer;
  /** What `stty -a` says of the terminal, also after the exit. */
  ttyFlags(): string;
  /** Resolves with the screen once it matches; throws with the whole screen and the last output when it never does. */
  waitForScreen(wanted: ScreenPredicate, options?: { timeoutMs?: number }): Promise<string>;
  /** Resolves once the terminal has these modes; the program sets them in its own time, before or after what it draws. */
  waitForModes(wanted: Partial<PtyModes>, options?: { timeoutMs?: number }): Promise<void>;
  /** As `waitForScreen`, on all bytes written so far read as latin1. */
  waitForOutput(wanted: ScreenPredicate, options?: { timeoutMs?: number }): Promise<void>;
  /** As `exit`, but throws with the screen when it takes longer than `timeoutMs` (45 000 by default). */
  waitForExit(options?: { timeoutMs?: number }): Promise<PtyExit>;
  /** Sends a signal to the program, SIGHUP by default. */
  kill(signal?: NodeJS.Signals): void;
  /** Closes the terminal under the program, as closing its window does. Nothing can be read afterwards. */
  closeWindow(): void;
  /** Closes the terminal; a program still running is hung up, then killed. */
  dispose(): Promise<void>;
}

export interface PtyModes {
  bracketedPaste: boolean;
  applicationCursorKeys: boolean;
  mouseTracking: string;
  sendFocus: boolean;
}

/** Starts `file` as the session leader of a new terminal. */
export function startInPty(file: string, args: readonly string[], options: PtyOptions): PtyDriver {
  const { cwd, env, cols = 100, rows = 30 } = options;
  const label = `${file} ${args.join(' ')}`.slice(0, 200);
  const terminal = new xterm.Terminal({ cols, rows, scrollback: 5000, allowProposedApi: true });
  const pty = spawnPty(file, [...args], { name: env.TERM ?? 'dumb', cwd, env: { ...env }, cols, rows, encoding: null });
  registerProcess(pty.pid, label);
  const tail = holdOpen(pty);
  // node-pty's own write blocks this process until the program has read
  const writer = new PtyWriter((pty as unknown as { fd: number }).fd, () => undefined);

  const chunks: Buffer[] = [];
  const listeners = new Set<() => void>();
  const notify = (): void => {
    for (const listener of [...listeners]) listener();
  };
  const accept = (chunk: Buffer): void => {
    chunks.push(chunk);
    terminal.write(chunk, notify);
  };
  // Answers to the program's questions (device attributes, cursor position …) go back to it, as a terminal's do.
  terminal.onData((reply) => writeIfOpen(reply));
  terminal.onBinary((reply) => writeIfOpen(Buffer.from(reply, 'latin1')));
  pty.onData((chunk) => tail.read(chunk, accept));

  let exited: PtyExit | undefined;
  let closed = false;
  const exit = new Promise<PtyExit>((resolve) => {
    pty.onExit(({ exitCode, signal }) => {
      const result = signal ? { code: null, signal } : { code: exitCode, signal: null };
      tail.drain(accept, () => {
        terminal.write('', () => {
          exited = result;
          resolve(result);
          notify();
        });
      });
    });
  });

  function writeIfOpen(bytes: string | Uint8Array): void {
    if (!closed && exited === undefined) writer.write(Buffer.from(bytes as string));
  }

  function lines(from: number): string {
    const buffer = terminal.buffer.active;
    const texts: string[] = [];
    for (let row = from; row < buffer.baseY + terminal.rows; row++) {
      texts.push(buffer.getLine(row)?.translateToString(true) ?? '');
    }
    return texts
      .map((text) => text.trimEnd())
      .join('\n')
      .trimEnd();
  }

  function shownRows(): Array<{ text: string; brightText: string }> {
    const buffer = terminal.buffer.active;
    return Array.from({ length: terminal.rows }, (_, row) => {
      const line = buffer.getLine(buffer.baseY + row);
      let text = '';
      let brightText = '';
      for (let column = 0; line && column < terminal.cols; column++) {
        const cell = line.getCell(column);
        if (!cell || cell.getWidth() === 0) continue;
        text += cell.getChars() || ' ';
        brightText += cell.isDim() ? ' ' : cell.getChars() || ' ';
      }
      return { text: text.trimEnd(), brightText: brightText.trimEnd() };
    });
  }

  const modes = (): PtyModes => ({
    bracketedPaste: terminal.modes.bracketedPasteMode,
    applicationCursorKeys: terminal.modes.applicationCursorKeysMode,
    mouseTracking: terminal.modes.mouseTrackingMode,
    sendFocus: terminal.modes.sendFocusMode,
  });
  const rawOutput = (): Buffer => Buffer.concat(chunks);
  const screen = (): string => lines(terminal.buffer.active.baseY);

  function report(): string {
    const state = exited ? `exited with ${JSON.stringify(exited)}` : 'is running';
    const last = rawOutput().subarray(-1500).toString('utf8');
    return `${label} (pid ${pty.pid}) ${state}\nscreen:\n${screen()}\nlast raw output: ${JSON.stringify(last)}`;
  }

  async function waitForText(
    wanted: ScreenPredicate,
    look: () => string,
    what: string,
    timeoutMs: number,
  ): Promise<string> {
    return await new Promise<string>((resolve, reject) => {
      const finish = (error?: Error): void => {
        clearTimeout(timer);
        listeners.delete(check);
        if (error) reject(error);
        else resolve(look());
      };
      const check = (): void => {
        try {
          if (matches(wanted, look())) finish();
          else if (exited) finish(new Error(`exited before ${what} showed ${wanted}\n${report()}`));
        } catch (error) {
          finish(error as Error);
        }
      };
      const timer = setTimeout(
        () => finish(new Error(`${what} did not show ${wanted} within ${timeoutMs} ms\n${report()}`)),
        timeoutMs,
      );
      listeners.add(check);
      check();
    });
  }

  async function within<T>(promise: Promise<T>, timeoutMs: number): Promise<T | undefined> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), timeoutMs);
    });
    return await Promise.race([promise, late]).finally(() => clearTimeout(timer));
  }

  const driver: PtyDriver = {
    pid: pty.pid,
    exit,
    write: writeIfOpen,
    type: writeIfOpen,
    key: (name) => writeIfOpen(keys[name]),
    paste: (text) => writeIfOpen(`\x1b[200~${text}\x1b[201~`),
    resize: (nextCols, nextRows) => {
      terminal.resize(nextCols, nextRows);
      pty.resize(nextCols, nextRows);
    },
    stopReading: () => {
      pty.pause();
      return () => pty.resume();
    },
    screen,
    shownRows,
    screenWithHistory: () => lines(0),
    cursor: () => ({ column: terminal.buffer.active.cursorX, row: terminal.buffer.active.cursorY }),
    inAlternateScreen: () => terminal.buffer.active.type === 'alternate',
    modes,
    rawOutput,
    ttyFlags: () => tail.ttyFlags(),
    waitForScreen: (wanted, { timeoutMs = 45_000 } = {}) => waitForText(wanted, screen, 'the screen', timeoutMs),
    waitForModes: async (wanted, { timeoutMs = 45_000 } = {}) => {
      const isWanted = (): boolean =>
        Object.entries(wanted).every(([name, value]) => modes()[name as keyof PtyModes] === value);
      await waitForText(isWanted, () => JSON.stringify(modes()), `the modes (${JSON.stringify(wanted)})`, timeoutMs);
    },
    waitForOutput: async (wanted, { timeoutMs = 45_000 } = {}) => {
      await waitForText(wanted, () => rawOutput().toString('latin1'), 'the output', timeoutMs);
    },
    waitForExit: async ({ timeoutMs = 45_000 } = {}) => {
      const result = await within(exit, timeoutMs);
      if (!result) throw new Error(`no exit within ${timeoutMs} ms\n${report()}`);
      return result;
    },
    kill: (signal) => signalIfRunning(signal ?? 'SIGHUP'),
    closeWindow: () => {
      closed = true;
      writer.close();
      tail.close();
    },
    dispose: async () => {
      if (closed) return unregister();
      unregister();
      if (!exited) {
        signalIfRunning('SIGHUP');
        // A stopped program takes its SIGHUP only when it goes on.
        signalIfRunning('SIGCONT');
        if (!(await within(exit, 3000))) signalIfRunning('SIGKILL');
        await within(exit, 3000);
      }
      closed = true;
      writer.close();
      tail.close();
      terminal.dispose();
    },
  };

  function signalIfRunning(signal: NodeJS.Signals): void {
    if (exited || !isAlive(pty.pid)) return;
    try {
      process.kill(pty.pid, signal);
    } catch {
      // ESRCH is expected: it has ended between the two lines
    }
  }

  const unregister = registerResource({ label: `terminal of ${label}`, dispose: driver.dispose, describe: report });
  return driver;
}

function matches(wanted: ScreenPredicate, text: string): boolean {
  if (typeof wanted === 'string') return text.includes(wanted);
  if (wanted instanceof RegExp) return new RegExp(wanted.source, wanted.flags.replace('g', '')).test(text);
  return wanted(text);
}
