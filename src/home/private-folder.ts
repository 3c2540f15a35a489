/** Folders of ours: made private, checked for their owner; what the system says of them as errors with a fix. */
import { accessSync, chmodSync, constants, existsSync, lstatSync, mkdirSync, type Stats } from 'node:fs';
import { dirname } from 'node:path';
import { ClaudexError, systemErrorCode } from '../errors/claudex-error.ts';

/**
 * Makes sure `path` is a directory of ours with mode 0700; creates it if missing.
 * @throws ClaudexError HOME_NOT_PRIVATE when it belongs to somebody else or is a link into somebody else's folder,
 *   HOME_UNWRITABLE when it cannot be made
 */
export function ensurePrivateDir(path: string): void {
  try {
    makeDir(path);
  } catch (cause) {
    throw homeUnwritable(path, cause);
  }
  const { mode } = ownFolder(path);
  if ((mode & 0o077) !== 0) chmodSync(path, 0o700);
}

/** What ensurePrivateDir would say of `path`, which stays as it is. @throws ClaudexError HOME_NOT_PRIVATE, HOME_UNWRITABLE */
export function checkPrivateDir(path: string): void {
  let there = path;
  while (!existsSync(there)) there = dirname(there);
  if (there === path) ownFolder(path);
  try {
    accessSync(there, constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw homeUnwritable(path, cause);
  }
}

function ownFolder(path: string): Stats {
  const stat = lstatSync(path);
  const uid = process.getuid?.();
  if (!stat.isDirectory()) throw new ClaudexError('HOME_NOT_PRIVATE', `${path} is not a plain folder.`);
  if (uid !== undefined && stat.uid !== uid) {
    throw new ClaudexError('HOME_NOT_PRIVATE', `${path} belongs to uid ${stat.uid}, you are ${uid}.`);
  }
  return stat;
}

/**
 * Makes the folder `path`, mode 0700, and those above it; leaves alone what stands there.
 * HACK: a recursive mkdir of Node 20 on a read-only disk says ENOENT, so it is asked for only where a folder above is missing.
 */
export function makeDir(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') mkdirSync(path, { recursive: true, mode: 0o700 });
    else if (systemErrorCode(error) !== 'EEXIST') throw error;
  }
}

const full = ['ENOSPC', 'EDQUOT'];

const forbidden = ['EROFS', 'EACCES', 'EPERM'];

/** `error` as HOME_UNWRITABLE where it is the system's and says that `home` takes no writes; any other as it is. */
export function asHomeError(error: unknown, home: string): unknown {
  const code = systemErrorCode(error) ?? '';
  // inotify says ENOSPC when it has no watch left
  if ((error as NodeJS.ErrnoException).syscall === 'watch') return error;
  if (!full.includes(code) && !forbidden.includes(code)) return error;
  const { path, address } = error as { path?: string; address?: string };
  const file = path ?? address;
  // a write to an open file says no name
  const isHome = file === undefined ? full.includes(code) : file === home || file.startsWith(`${home}/`);
  return isHome ? homeUnwritable(home, error) : error;
}

function homeUnwritable(home: string, cause: unknown): ClaudexError {
  const facts = `${home}: ${cause instanceof Error ? cause.message : cause}.`;
  return new ClaudexError('HOME_UNWRITABLE', facts, { cause });
}
