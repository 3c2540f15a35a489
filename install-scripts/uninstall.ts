/** `claudex uninstall`: exactly our entries out of Claude's user settings, and our files away. Stopping the daemon is the CLI's. */
import { readFileSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { systemErrorCode } from '../src/errors/claudex-error.ts';
import { claudeConfigDir, claudexPaths } from '../src/home/paths.ts';
import { removeEmptyFolder, removeHookScripts } from './hook-scripts.ts';
import { settingsDiff } from './install.ts';
import { type InstalledFile, readInstallRecord } from './install-record.ts';
import { purgeHome, requirePurgeable } from './purge.ts';
import { removeClaudexEntries } from './settings-edit.ts';
import {
  listBackups,
  readSettingsFile,
  removeSettingsFile,
  type SettingsFile,
  sha256,
  writeSettingsFile,
} from './settings-file.ts';

export interface UninstallOptions {
  env: NodeJS.ProcessEnv;
  /** Remove CLAUDEX_HOME too: journal, sessions, settings, logs. */
  purge?: boolean;
  /** Report what would be done, write nothing. */
  dryRun?: boolean;
}

export interface UninstallReport {
  /** True when a settings file changed (on a dry run: would change). */
  changed: boolean;
  /** The real settings files that held our entries. */
  settingsPaths: string[];
  /** Unified diff of those files, empty when none changes. */
  diff: string;
  notes: string[];
}

/** What becomes of one settings file; `content` undefined means it goes. */
interface Plan {
  file: SettingsFile;
  content: string | Buffer | undefined;
  madeFolder: boolean;
}

/**
 * Takes claudex out of every settings file it was installed into. Byte-identical to before where nothing else changed,
 * otherwise only our entries go. Needs neither the record nor the package that installed.
 * @throws ClaudexError USER_SETTINGS_UNREADABLE, HOME_NOT_PRIVATE (for purge); then nothing has been touched.
 */
export function uninstallClaudex(options: UninstallOptions): UninstallReport {
  const { env, purge = false, dryRun = false } = options;
  const paths = claudexPaths(env);
  const record = readInstallRecord(paths.installRecord);
  const here = readSettingsFile(join(claudeConfigDir(env), 'settings.json')).path;
  const plans = [...new Set([here, ...Object.keys(record?.files ?? {})])].map((path) =>
    planFor(path, record?.files[path]),
  );
  const changing = plans.filter(({ file, content }) => !isSame(file, content));
  if (purge) requirePurgeable(paths, env);
  const report: UninstallReport = {
    changed: changing.length > 0,
    settingsPaths: changing.map(({ file }) => file.path),
    diff: changing.map(({ file, content }) => settingsDiff(file.path, file.text, content?.toString() ?? '')).join(''),
    notes: [],
  };
  if (dryRun) return report;

  for (const { file, content } of changing) {
    if (content === undefined) removeSettingsFile(file.path);
    else writeSettingsFile(file, content);
  }
  for (const { file, madeFolder } of plans) {
    // settings that somebody has emptied or removed: a backup may be all that is left of them
    const isLost = file.text.trim() === '';
    for (const backup of listBackups(file.path)) {
      if (!isLost || statSync(backup).size === 0) rmSync(backup, { force: true });
      else report.notes.push(`${file.path} is empty or gone; ${backup} is a copy of what it was, and stays.`);
    }
    if (madeFolder) removeEmptyFolder(dirname(file.path));
  }
  removeHookScripts(paths);
  rmSync(paths.installRecord, { force: true });
  if (purge) report.notes.push(...purgeHome(paths));
  else removeEmptyFolder(paths.home);
  return report;
}

function planFor(path: string, installed: InstalledFile | undefined): Plan {
  const file = readSettingsFile(path);
  const madeFolder = installed?.madeFolder ?? false;
  if (!file.bytes) return { file, content: undefined, madeFolder };
  if (installed?.exact && sha256(file.bytes) === installed.sha256) {
    const backup = readBackup(installed);
    if (backup) return { file, content: backup, madeFolder };
  }
  const removed = removeClaudexEntries(file.text, { file: path, before: installed?.before });
  const onlyOurs = installed?.existed === false && removed.empty;
  return { file, content: onlyOurs ? undefined : removed.text, madeFolder };
}

/** The file as it was before claudex; undefined when the backup is gone or is no longer what we made. */
function readBackup({ backupPath, backupSha256 }: InstalledFile): Buffer | undefined {
  if (backupPath === null) return undefined;
  try {
    const bytes = readFileSync(backupPath);
    return sha256(bytes) === backupSha256 ? bytes : undefined;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function isSame(file: SettingsFile, content: string | Buffer | undefined): boolean {
  return content === undefined || file.bytes === undefined
    ? content === file.bytes
    : Buffer.from(content as string).equals(file.bytes);
}
