/** Claude's settings file on disk: found through links, read byte-exact, backed up, replaced in one step. */
import { createHash } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { ClaudexError, systemErrorCode } from '../src/errors/claudex-error.ts';
import { replaceFile } from '../src/home/replace-file.ts';
import { unreadable } from './settings-text.ts';

export interface SettingsFile {
  /** The real file: where links end, whether or not anything is there. */
  path: string;
  /** Undefined when there is no file. */
  bytes: Buffer | undefined;
  /** The bytes as text, its byte-order mark kept; empty when there is no file. */
  text: string;
}

/**
 * Reads the settings file that `path` names, through any links.
 * @throws ClaudexError USER_SETTINGS_UNREADABLE when it cannot be read or is not UTF-8.
 */
export function readSettingsFile(path: string): SettingsFile {
  let real = path;
  let bytes: Buffer;
  try {
    real = endOfLinks(path);
    bytes = readFileSync(real);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return { path: real, bytes: undefined, text: '' };
    if (error instanceof ClaudexError) throw error;
    throw unreadable(real, ` (${systemErrorCode(error) ?? error}).`, error);
  }
  try {
    return { path: real, bytes, text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch (error) {
    throw unreadable(real, ' (not UTF-8).', error);
  }
}

/**
 * Replaces the real file in one step; an existing file keeps its mode and owner, a new one is 0600.
 * @throws ClaudexError USER_SETTINGS_UNWRITABLE, also when it is no longer as it was read: claude writes to it too
 */
export function writeSettingsFile({ path, bytes }: SettingsFile, content: string | Buffer): void {
  const checkUnchanged = () => {
    const now = readSettingsFile(path).bytes;
    if (bytes && now ? !bytes.equals(now) : bytes !== now) throw rewritten(path);
  };
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    replaceFile(path, content, { checkBefore: checkUnchanged });
  } catch (error) {
    if (error instanceof ClaudexError) throw error;
    throw settingsUnwritable(path, systemErrorCode(error) ?? String(error), error);
  }
}

/** The settings file could not be brought to the wanted content. */
export function settingsUnwritable(path: string, reason: string, cause?: unknown): ClaudexError {
  return new ClaudexError('USER_SETTINGS_UNWRITABLE', `${path} could not be written (${reason}).`, { cause });
}

/** Somebody else has written to the settings file while we were at it. */
export function rewritten(path: string): ClaudexError {
  return settingsUnwritable(path, 'another program rewrote it meanwhile; try again');
}

/** The name of a backup made at `now` (UTC), beside the real file; never one that is there already. */
export function backupPathFor(path: string, now: Date): string {
  const stem = `${path}.claudex-backup-${now.toISOString().slice(0, 19).replaceAll(':', '-')}`;
  let candidate = stem;
  for (let number = 2; existsSync(candidate); number++) candidate = `${stem}-${number}`;
  return candidate;
}

/** Writes a backup with the mode of the file it is a copy of. */
export function writeBackup(backupPath: string, file: SettingsFile): void {
  try {
    writeFileSync(backupPath, file.bytes!, { flag: 'wx', mode: statSync(file.path).mode & 0o777 });
  } catch (error) {
    throw settingsUnwritable(backupPath, systemErrorCode(error) ?? String(error), error);
  }
}

/** Every backup of ours beside the real file. */
export function listBackups(path: string): string[] {
  const stem = `${basename(path)}.claudex-backup-`;
  const isOurs = (name: string) =>
    name.startsWith(stem) && /^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d(-\d+)?$/.test(name.slice(stem.length));
  try {
    return readdirSync(dirname(path))
      .filter(isOurs)
      .map((name) => join(dirname(path), name));
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return [];
    throw error;
  }
}

/** Removes the real file; a link that names it stays. */
export function removeSettingsFile(path: string): void {
  rmSync(path, { force: true });
}

/** Hex SHA-256, by which an unchanged file is recognised. */
export function sha256(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

/** Like realpath, but a link to nothing gives the place it names. */
function endOfLinks(path: string): string {
  let real = path;
  for (let hops = 0; hops < 40; hops++) {
    if (!lstatSync(real, { throwIfNoEntry: false })?.isSymbolicLink()) return real;
    // from where the folder really is: it may be a link itself, and `..` then leads elsewhere
    real = resolve(realpathSync(dirname(real)), readlinkSync(real));
  }
  throw unreadable(path, ' (a loop of links).');
}
