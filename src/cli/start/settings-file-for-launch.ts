/** The user's `--settings` file with our hooks in it, as a file of ours for as long as that claude runs. */
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ClaudexError, systemErrorCode } from '../../errors/claudex-error.ts';
import type { ClaudexPaths } from '../../home/paths.ts';
import { ensurePrivateDir } from '../../home/private-folder.ts';

/** Writes it, mode 0600, and removes those of claudexes that were killed. Undefined when the claudex folder takes no writes. */
export function writeSettingsForLaunch({ home, launch }: ClaudexPaths, text: string): string | undefined {
  try {
    ensurePrivateDir(home);
    ensurePrivateDir(launch);
    for (const name of readdirSync(launch)) {
      if (!isRunning(Number.parseInt(name, 10))) rmSync(join(launch, name), { recursive: true, force: true });
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

/** Removes the one of this process, if there is one. */
export function removeSettingsForLaunch(paths: ClaudexPaths): void {
  try {
    rmSync(launchFile(paths), { force: true });
  } catch (error) {
    // a folder that takes no writes any more: the next one sees to it
    if (systemErrorCode(error) === undefined) throw error;
  }
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
