/**
 * Looking for a message's mark in claude's transcript (JSONL, append-only; one file per session_id).
 * A mark that stands in the transcript has been put in: it must not be put in again.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { systemErrorCode } from '../errors.ts';

const chunkBytes = 1 << 20;

/** Size in bytes, 0 when there is no such file yet. */
export function transcriptSize(path: string): number {
  return withFile(path, 0, (fd) => fstatSync(fd).size);
}

/** What the transcript says of a mark: it is there, and in which turn when that record tells. */
export interface MarkFound {
  promptId: string | null;
}

/** The first record at or after `fromByte` that carries `mark`. Reads in chunks: memory stays small. */
export function findMark(path: string, mark: string, fromByte = 0): MarkFound | undefined {
  return withFile(path, undefined, (fd) => {
    const needle = Buffer.from(mark, 'utf8');
    const buffer = Buffer.alloc(chunkBytes + needle.length);
    let position = fromByte;
    let kept = 0;
    for (;;) {
      const read = readSync(fd, buffer, kept, chunkBytes, position);
      if (read === 0) return undefined;
      const filled = kept + read;
      const at = buffer.subarray(0, filled).indexOf(needle);
      if (at !== -1) return { promptId: promptIdAround(fd, position - kept + at) };
      kept = Math.min(needle.length - 1, filled);
      buffer.copyWithin(0, filled - kept, filled);
      position += read;
    }
  });
}

/** The `promptId` of the record that holds byte `at`; user records carry it near their start. */
function promptIdAround(fd: number, at: number): string | null {
  const before = Buffer.alloc(Math.min(at, 64 * 1024));
  readSync(fd, before, 0, before.length, at - before.length);
  const line = before.subarray(before.lastIndexOf(0x0a) + 1).toString('utf8');
  return /"promptId":"([^"]+)"/.exec(line)?.[1] ?? null;
}

/** Where a session's transcript is when no hook has told: `<config>/projects/<cwd, every other character a dash>/<session id>.jsonl`. */
export function guessTranscriptPath(configDir: string, cwd: string, sessionId: string): string {
  return join(configDir, 'projects', cwd.replaceAll(/[^a-zA-Z0-9]/g, '-'), `${sessionId}.jsonl`);
}

function withFile<T>(path: string, missing: T, use: (fd: number) => T): T {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return missing; // claude writes it with the first prompt
    throw error;
  }
  try {
    return use(fd);
  } finally {
    closeSync(fd);
  }
}
