/** Commands whose claudex folder takes no writes: a full disk, a read-only one, a folder without the right to write. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync } from 'node:fs';
import { claudexBin } from './claudex-bin.ts';
import type { HermeticHome } from './hermetic-home.ts';
import { type RunResult, run } from './run-command.ts';

/** True where a process may mount a small disk that only it and its children see. */
export const canMount =
  process.platform === 'linux' && spawnSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0;

export type DiskFault = 'full' | 'read-only';

const spoil: Record<DiskFault, string> = {
  full: 'cat /dev/zero >"$CLAUDEX_HOME/ballast" 2>/dev/null',
  'read-only': 'mount -o remount,ro "$CLAUDEX_HOME"',
};
const mend: Record<DiskFault, string> = {
  full: 'rm "$CLAUDEX_HOME/ballast"',
  'read-only': 'mount -o remount,rw "$CLAUDEX_HOME"',
};

/**
 * Runs `claudex <args>` with a claudex folder that is a disk of its own and has that fault; `mended` runs in the same place
 * afterwards, without the fault. The disk goes with the last process on it. Exit code and output are those of the last command.
 */
export function runOnBadDisk(
  home: HermeticHome,
  fault: DiskFault,
  args: readonly string[],
  mended = '',
): Promise<RunResult> {
  mkdirSync(home.claudexHome, { recursive: true });
  const script = [
    'mount -t tmpfs -o size=128k,mode=700 tmpfs "$CLAUDEX_HOME" || exit 99',
    spoil[fault],
    '"$@"',
    ...(mended === '' ? [] : [mend[fault], mended]),
  ].join('\n');
  return run('unshare', ['-rm', 'sh', '-c', script, 'sh', process.execPath, claudexBin, ...args], {
    env: home.env(),
    cwd: home.cwd,
  });
}

/** Runs `claudex <args>` with a claudex folder of mode 0500. */
export function runWithLockedHome(home: HermeticHome, args: readonly string[]): Promise<RunResult> {
  mkdirSync(home.claudexHome, { recursive: true });
  chmodSync(home.claudexHome, 0o500);
  return runHeldToModes(home, args);
}

/** Runs `claudex <args>` held to the modes of files, as root too: it gives the right to pass them up. */
export function runHeldToModes(home: HermeticHome, args: readonly string[]): Promise<RunResult> {
  const passesModes = '-dac_override,-dac_read_search';
  const [file = '', ...words] = [
    ...(process.getuid?.() === 0 ? ['setpriv', `--bounding-set=${passesModes}`, `--inh-caps=${passesModes}`] : []),
    process.execPath,
    claudexBin,
    ...args,
  ];
  return run(file, words, { env: home.env(), cwd: home.cwd });
}
