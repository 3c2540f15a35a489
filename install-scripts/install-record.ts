/** `install.json`: what `claudex install` did, so that uninstall can take exactly that back. */
import { readFileSync } from 'node:fs';
import { systemErrorCode } from '../src/errors/claudex-error.ts';
import { replaceFile } from '../src/home/replace-file.ts';
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

/** What was done to one .claude.json. */
export interface InstalledMcp {
  /** The CLAUDE_CONFIG_DIR that it belongs to; null for none. */
  configDir: string | null;
  /** True when an edit of ours made the file. */
  madeFile: boolean;
  /** True when an edit of ours made `mcpServers` in it. */
  madeServers: boolean;
}

export interface InstallRecord {
  /** The claudex that installed. */
  version: string;
  /** By real path: one CLAUDEX_HOME may serve several claude config folders. */
  files: Record<string, InstalledFile>;
  /** By path of the .claude.json that tells claude of our MCP server. */
  mcp?: Record<string, InstalledMcp>;
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
  const mcp = isObject(value.mcp) ? Object.entries(value.mcp).filter(([, one]) => isInstalledMcp(one)) : [];
  return {
    version: value.version,
    files,
    ...(mcp.length > 0 && { mcp: Object.fromEntries(mcp) as Record<string, InstalledMcp> }),
  };
}

function isInstalledMcp(value: unknown): value is InstalledMcp {
  if (!isObject(value) || (value.configDir !== null && typeof value.configDir !== 'string')) return false;
  return typeof value.madeFile === 'boolean' && typeof value.madeServers === 'boolean';
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
