/** `claudex install`: our hooks and badge into Claude's user settings. */
import { existsSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createTwoFilesPatch, FILE_HEADERS_ONLY } from 'diff';
import { type ClaudexSettings, claudexSettings } from '../src/claude/hooks/hook-settings.ts';
import { hookEventsOf } from '../src/claude/session/capabilities.ts';
import { packageVersion } from '../src/home/package.ts';
import { claudeConfigDir, claudexPaths } from '../src/home/paths.ts';
import { ensurePrivateDir } from '../src/home/private-folder.ts';
import { areHookScriptsStale, ensureHookScripts } from './hook-scripts.ts';
import { type InstalledFile, readInstallRecord, writeInstallRecord } from './install-record.ts';
import { refusedPlace } from './installed-state.ts';
import { type AddResult, addClaudexEntries, removeClaudexEntries } from './settings-edit.ts';
import {
  backupPathFor,
  readSettingsFile,
  rewritten,
  type SettingsFile,
  sha256,
  writeBackup,
  writeSettingsFile,
} from './settings-file.ts';

export interface InstallOptions {
  env: NodeJS.ProcessEnv;
  /** Chain an existing status line instead of leaving it alone. */
  wrapStatusline?: boolean;
  /** Of the claude that is installed: it gets only the hook events that it knows. Null, or left out: not known, all of them. */
  claudeVersion?: string | null;
  /** Report what would be done, write nothing. */
  dryRun?: boolean;
  now?: Date;
}

export interface InstallReport {
  /** False when everything was (or, on a dry run, is) in place already. */
  changed: boolean;
  /** The real settings file, links followed. */
  settingsPath: string;
  /** The backup made by this run (on a dry run: that would be made). */
  backupPath?: string;
  /** Unified diff of the settings file, empty when it stays as it is. */
  diff: string;
  notes: string[];
}

/**
 * Puts the claudex entries into the user's settings, or brings older ones up to date. Running it again changes nothing.
 * @throws ClaudexError USER_SETTINGS_UNREADABLE (nothing is written), HOME_NOT_PRIVATE.
 */
export function installClaudex(options: InstallOptions): InstallReport {
  const { env, wrapStatusline = false, dryRun = false, now = new Date() } = options;
  const paths = claudexPaths(env);
  const file = readSettingsFile(join(claudeConfigDir(env), 'settings.json'));
  const location = { hooksDir: paths.hooks, home: paths.home };
  const entries = claudexSettings(location, hookEventsOf(options.claudeVersion ?? null));
  const edit = addClaudexEntries(file.text, entries, { wrapStatusline, file: file.path });
  const textChanges = edit.text !== file.text;
  const backupPath = textChanges && file.bytes ? backupPathFor(file.path, now) : undefined;
  const report: InstallReport = {
    changed: textChanges || areHookScriptsStale(paths),
    settingsPath: file.path,
    ...(backupPath && { backupPath }),
    diff: settingsDiff(file.path, file.text, edit.text),
    notes: [...refusedNote(file.path, edit.text), ...edit.notes],
  };
  if (dryRun) return report;

  const record = readInstallRecord(paths.installRecord);
  const installed = describeInstalled(file, edit, record?.files[file.path], backupPath);
  ensurePrivateDir(paths.home);
  ensureHookScripts(paths);
  if (textChanges) writeChecked(file, edit.text, backupPath, entries);
  const files = { ...record?.files, [file.path]: installed };
  writeInstallRecord(paths.installRecord, { ...record, version: packageVersion(), files });
  return report;
}

function refusedNote(path: string, text: string): string[] {
  const at = refusedPlace(path, text);
  return at === undefined
    ? []
    : [
        `Claude refuses this file and uses none of it, our entries neither: take comments and trailing commas out at ${at}.`,
      ];
}

/** Unified diff of one settings file; empty when nothing changes. */
export function settingsDiff(path: string, before: string, after: string): string {
  if (before === after) return '';
  return createTwoFilesPatch(path, path, before, after, undefined, undefined, { headerOptions: FILE_HEADERS_ONLY });
}

/** What the record says afterwards. The backup from before claudex is kept through upgrades, as long as it is still the truth. */
function describeInstalled(
  file: SettingsFile,
  edit: AddResult,
  known: InstalledFile | undefined,
  backupPath: string | undefined,
): InstalledFile {
  const written = sha256(edit.text);
  const hadOurs = removeClaudexEntries(file.text, { file: file.path }).text !== file.text;
  if (!hadOurs) {
    const madeFolder = !existsSync(dirname(file.path)) || (known?.madeFolder ?? false);
    const existed = file.bytes !== undefined;
    const backupSha256 = file.bytes ? sha256(file.bytes) : null;
    return {
      sha256: written,
      exact: true,
      existed,
      madeFolder,
      backupPath: backupPath ?? null,
      backupSha256,
      before: edit.before,
    };
  }
  if (!known) {
    const before = { statusLine: null, emptyContainers: [] };
    return {
      sha256: written,
      exact: false,
      existed: true,
      madeFolder: false,
      backupPath: null,
      backupSha256: null,
      before,
    };
  }
  if (edit.text === file.text) return known;
  const before = { ...known.before, statusLine: edit.before.statusLine ?? known.before.statusLine };
  const exact = known.exact && sha256(file.text) === known.sha256;
  return { ...known, sha256: written, exact, before };
}

/** Backup, write, read again: claude itself sometimes rewrites this file. */
function writeChecked(
  file: SettingsFile,
  text: string,
  backupPath: string | undefined,
  entries: ClaudexSettings,
): void {
  if (backupPath) writeBackup(backupPath, file);
  try {
    writeSettingsFile(file, text);
  } catch (error) {
    if (backupPath) rmSync(backupPath, { force: true });
    throw error;
  }
  const written = readSettingsFile(file.path).text;
  const again = addClaudexEntries(written, entries, { wrapStatusline: false, file: file.path });
  if (again.text !== written) throw rewritten(file.path);
}
