/**
 * Files replaced in one step: whoever reads sees the old content or the new one, whole.
 * HACK: write-file-atomic does not look at how much was written; on a disk that fills up it puts half a file in place
 * (its lib/index.js, writeFileSync). Remove when it does.
 */
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, linkSync, renameSync, rmSync, type Stats, statSync, writeFileSync } from 'node:fs';
import { systemErrorCode } from '../errors/claudex-error.ts';

/**
 * Puts `content` at `path`, which keeps its mode and owner if there is a file. Does not follow a link at `path`.
 * @param options.mode for a new file, or instead of the old one's; 0600 by default
 * @param options.flush wait until the content is on disk
 * @param options.checkBefore is called at the last moment; when it throws, the old file stays
 * @throws the system's error; the old file is then as it was, and nothing is left beside it
 */
export function replaceFile(
  path: string,
  content: string | Uint8Array,
  options: { mode?: number; flush?: boolean; checkBefore?: () => void } = {},
): void {
  const old = statSync(path, { throwIfNoEntry: false });
  const mode = options.mode ?? (old ? old.mode & 0o7777 : 0o600);
  const next = `${path}.${process.pid}-${randomBytes(4).toString('hex')}`;
  try {
    // writes on until all of it is written
    writeFileSync(next, content, { flag: 'wx', mode: 0o600, flush: options.flush ?? true });
    if (old) giveTo(next, old);
    chmodSync(next, mode);
    options.checkBefore?.();
    renameSync(next, path);
  } catch (error) {
    rmSync(next, { force: true });
    throw error;
  }
}

/** Puts a new file at `path`, mode 0600, whole or not at all. @returns false when one is there already */
export function placeFile(path: string, content: string): boolean {
  const next = `${path}.${process.pid}`;
  try {
    writeFileSync(next, content, { mode: 0o600 });
    linkSync(next, path);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(next, { force: true });
  }
}

function giveTo(path: string, { uid, gid }: Stats): void {
  const made = statSync(path);
  if (made.uid === uid && made.gid === gid) return;
  try {
    chownSync(path, uid, gid);
  } catch (error) {
    // only root may give files away; for others it is enough that the file is theirs
    if (process.getuid?.() === 0) throw error;
  }
}
