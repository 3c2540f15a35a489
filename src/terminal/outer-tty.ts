/** The person's terminal: raw mode with its restore armed first, its size, and undoing what a dead program left on. */
import { writeSync } from 'node:fs';
import type { ReadStream } from 'node:tty';
import type { PtySize } from '../pty/spawn-pty.ts';

/**
 * Turns on raw mode. The returned function puts everything back and may be called more than once.
 * Raw mode in Node leaves output processing on (`\n` comes out as `\r\n`, facts section 7): stty turns that off too;
 * without stty the session still works, only bare newlines are translated.
 */
export function enterRawMode(stdin: ReadStream): () => void {
  let active = true;
  const restore = (): void => {
    if (!active) return;
    active = false;
    try {
      stdin.setRawMode(false);
    } catch {
      // the terminal is gone (window closed): nothing to restore
    }
  };
  process.once('exit', restore);
  stdin.setRawMode(true);
  // loaded here, while claude boots already
  const { spawnSync } = process.getBuiltinModule('node:child_process');
  spawnSync('stty', ['-opost'], { stdio: [0, 'ignore', 'ignore'] });
  return () => {
    process.removeListener('exit', restore);
    restore();
  };
}

/** Size in cells; a terminal that knows none counts as 80×24. */
export function terminalSize(stdout: NodeJS.WriteStream): PtySize {
  return { cols: stdout.columns || 80, rows: stdout.rows || 24 };
}

/**
 * Modes that a killed program may have left on: scroll region (its reset moves the cursor: saved and restored around it),
 * line drawing, no wrap, application cursor keys and keypad, synchronized output, mouse reports, focus reports, bracketed paste,
 * kitty keyboard flags, modifyOtherKeys, hidden cursor, colours (list: field notes, ai-jail #40).
 */
const resetModes =
  '\x1b7\x1b[r\x1b8\x1b(B\x1b[?7h\x1b[?1l\x1b>\x1b[?2026l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1004l\x1b[?2004l\x1b[<u\x1b[>4;0m\x1b[?25h\x1b[0m';
const leaveAlternateScreen = '\x1b[?1049l';

/** True when a program's last word on the alternate screen was to enter it. */
export function endsInAlternateScreen(recentOutput: Buffer): boolean {
  const entered = Math.max(recentOutput.lastIndexOf('\x1b[?1049h'), recentOutput.lastIndexOf('\x1b[?47h'));
  const left = Math.max(recentOutput.lastIndexOf('\x1b[?1049l'), recentOutput.lastIndexOf('\x1b[?47l'));
  return entered > left;
}

/** Undoes those modes after a program that could not do so itself. `recentOutput` tells whether it was in the alternate screen. */
export function resetTerminalModes(recentOutput: Buffer): void {
  try {
    writeSync(1, (endsInAlternateScreen(recentOutput) ? leaveAlternateScreen : '') + resetModes);
  } catch {
    // the terminal is gone
  }
}
