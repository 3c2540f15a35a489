/** A small disk of its own for a folder, a tmpfs, where that is allowed; and one that is full. */
import { spawnSync } from 'node:child_process';
import { rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** @returns false in a container without the right, and where this is not root on Linux: such a run goes on without full disks */
export function mountDisk(path: string): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  return tryRun('mount', ['-t', 'tmpfs', '-o', 'size=256m,mode=700', 'tmpfs', path]);
}

export function unmountDisk(path: string): boolean {
  return tryRun('umount', ['-l', path]);
}

/** Takes all that is left of that disk. @returns the end of it: false when a read-only disk puts it off */
export function fillDisk(path: string): () => boolean {
  const ballast = join(path, 'ballast');
  const { bavail, bsize } = statfsSync(path);
  try {
    writeFileSync(ballast, Buffer.alloc(bavail * bsize));
  } catch {
    // ENOSPC: somebody took the last page first, which is as full
  }
  return () => removed(ballast);
}

/** False when the disk is read-only just then. */
export function removed(path: string): boolean {
  try {
    rmSync(path, { force: true });
    return true;
  } catch {
    return false;
  }
}

export function tryRun(file: string, args: readonly string[]): boolean {
  return spawnSync(file, args, { stdio: 'ignore' }).status === 0;
}
