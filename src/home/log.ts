/**
 * The daemon's structured log: one JSON object a line, rotated by size, never a message body.
 * Callers pass ids, states and counts; there is no free-text parameter that a body could slip into by habit.
 */
import { appendFileSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { systemErrorCode } from '../errors/claudex-error.ts';

const maxBytes = 1024 * 1024;
const keptFiles = 3;

/** `at` and `event` are the line's own. */
export type LogFields = Record<string, string | number | boolean | null | undefined> & { at?: never; event?: never };

export type Log = (event: string, fields?: LogFields) => void;

/** Opens the log at `path`. A log that cannot be written is dropped silently: logging never stops the daemon. */
export function openLog(path: string, now: () => number = Date.now): Log {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  let bytes = sizeOf(path);
  return (event, fields = {}) => {
    const line = `${JSON.stringify({ at: new Date(now()).toISOString(), event, ...fields })}\n`;
    const lineBytes = Buffer.byteLength(line);
    try {
      if (bytes + lineBytes > maxBytes) {
        rotate(path);
        bytes = 0;
      }
      appendFileSync(path, line, { mode: 0o600 });
      bytes += lineBytes;
    } catch {
      // a full disk or a removed folder: nothing better to do than go on without a log
    }
  };
}

/** `daemon.log` → `daemon.log.1` → … ; the oldest is overwritten. */
function rotate(path: string): void {
  for (let index = keptFiles - 1; index >= 0; index--) {
    const from = index === 0 ? path : `${path}.${index}`;
    try {
      renameSync(from, `${path}.${index + 1}`);
    } catch (error) {
      if (systemErrorCode(error) !== 'ENOENT') throw error;
    }
  }
}

function sizeOf(path: string): number {
  try {
    return statSync(path).size;
  } catch {
    return 0; // no log yet
  }
}

/** An error as the log has it: where it comes from, if it knows. */
export function wordsOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
