/** The user's `--settings` file with our hooks in it, as a file of ours for as long as that claude runs. */
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ClaudexError, systemErrorCode } from '../../errors/claudex-error.ts';
import type { ClaudexPaths } from '../../home/paths.ts';
import { ensurePrivateDir } from '../../home/private-folder.ts';

/** Between the process that has written it and the host that needs it now. */
const keptBy = '.json.kept-by-';

/** Writes it, mode 0600, and removes those of claudexes that were killed. Undefined when the claudex folder takes no writes. */
export function writeSettingsForLaunch({ home, launch }: ClaudexPaths, text: string): string | undefined {
  try {
    ensurePrivateDir(home);
    ensurePrivateDir(launch);
    const names = readdirSync(launch);
    for (const name of names) {
      if (!isNeeded(name, names)) rmSync(join(launch, name), { recursive: true, force: true });
    }
    const path = launchFile({ launch });
    rmSync(path, { force: true });
    writeFileSync(path, text, { flag: 'wx', mode: 0o600 });
    return path;
  } catch (error) {
    if (error instanceof ClaudexError || systemErrorCode(error) !== undefined) return undefined;
    throw error;
  }
}

/** The claude of that process is ours from now on: the file of its settings is needed for as long as we run. */
export function keepSettingsForLaunch({ launch }: ClaudexPaths, pid: number): void {
  if (!existsSync(join(launch, `${pid}.json`))) return;
  try {
    writeFileSync(join(launch, `${pid}${keptBy}${process.pid}`), '', { mode: 0o600 });
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error; // no room: the next claudex removes the file
  }
}

/** Removes the one of this process, and one that it has kept, if there is one. */
export function removeSettingsForLaunch(paths: ClaudexPaths): void {
  try {
    rmSync(launchFile(paths), { force: true });
    for (const name of existsSync(paths.launch) ? readdirSync(paths.launch) : []) {
      if (!name.endsWith(`${keptBy}${process.pid}`)) continue;
      rmSync(join(paths.launch, `${Number.parseInt(name, 10)}.json`), { force: true });
      rmSync(join(paths.launch, name), { force: true });
    }
  } catch (error) {
    // a folder that takes no writes any more: the next one sees to it
    if (systemErrorCode(error) === undefined) throw error;
  }
}

/** `<pid>.json` of a process that runs, or whose claude a host has that runs. */
function isNeeded(name: string, names: readonly string[]): boolean {
  const pid = Number.parseInt(name, 10);
  const keepers = names.filter((one) => one.startsWith(`${pid}${keptBy}`)).map((one) => Number(one.split(keptBy)[1]));
  return [pid, ...keepers].some(isRunning);
}

function launchFile({ launch }: Pick<ClaudexPaths, 'launch'>): string {
  return join(launch, `${process.pid}.json`);
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return systemErrorCode(error) === 'EPERM';
  }
}
