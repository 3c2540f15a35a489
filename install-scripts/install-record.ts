/** `install.json`: what `claudex install` did, so that uninstall can take exactly that back. */
import { readFileSync } from 'node:fs';
import { systemErrorCode } from '../src/errors.ts';
import { replaceFile } from '../src/replace-file.ts';
import type { BeforeInstall } from './settings-edit.ts';

/** What was done to one settings file. */
export interface InstalledFile {
  /** Of what we wrote. */
  sha256: string;
  /** True when what we wrote is the file as it was before claudex plus our entries, and nothing else. */
  exact: boolean;
  /** False when we made the file. */
  existed: boolean;
  /** True when we made the folder it is in. */
  madeFolder: boolean;
  /** The file as it was before claudex; null when there was none, or when it is not known. */
  backupPath: string | null;
  backupSha256: string | null;
  before: BeforeInstall;
}

export interface InstallRecord {
  /** The claudex that installed. */
  version: string;
  /** By real path: one CLAUDEX_HOME may serve several claude config folders. */
  files: Record<string, InstalledFile>;
}

/** The record, or undefined when it is missing or damaged: uninstall works without it, only less exactly. */
export function readInstallRecord(path: string): InstallRecord | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(systemErrorCode(error) ?? '')) return undefined;
    throw error;
  }
  try {
    return parseInstallRecord(JSON.parse(text));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Writes the record, 0600, in one step; does nothing when it says the same already. */
export function writeInstallRecord(path: string, record: InstallRecord): void {
  const before = readInstallRecord(path);
  if (before && JSON.stringify(before) === JSON.stringify(record)) return;
  replaceFile(path, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 });
}

function parseInstallRecord(value: unknown): InstallRecord | undefined {
  if (!isObject(value) || typeof value.version !== 'string' || !isObject(value.files)) return undefined;
  const files: Record<string, InstalledFile> = {};
  for (const [path, file] of Object.entries(value.files)) if (isInstalledFile(file)) files[path] = file;
  return { version: value.version, files };
}

function isInstalledFile(value: unknown): value is InstalledFile {
  if (!isObject(value) || !isObject(value.before)) return false;
  const flags = [value.exact, value.existed, value.madeFolder];
  const isTextOrNull = (field: unknown) => field === null || typeof field === 'string';
  return (
    typeof value.sha256 === 'string' &&
    flags.every((flag) => typeof flag === 'boolean') &&
    isTextOrNull(value.backupPath) &&
    isTextOrNull(value.backupSha256) &&
    Array.isArray(value.before.emptyContainers)
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
