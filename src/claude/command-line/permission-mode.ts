/** In which permission mode a claude starts: what its command line says, else the user's settings. A hook tells it with each prompt. */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** The mode in which claude asks a person before it takes what comes by its inbox socket (2.1.330, 2.1.332). */
export const bypassMode = 'bypassPermissions';

const largestSettingsBytes = 1 << 20;

/** Undefined where neither says. */
export function startingPermissionMode(args: readonly string[], configDir: string): string | undefined {
  let mode: string | undefined;
  for (const [index, word] of args.entries()) {
    if (word === '--') break;
    if (word === '--dangerously-skip-permissions') return bypassMode;
    if (word === '--permission-mode') mode = args[index + 1];
    if (word.startsWith('--permission-mode=')) mode = word.slice('--permission-mode='.length);
  }
  return mode ?? defaultMode(join(configDir, 'settings.json'));
}

function defaultMode(path: string): string | undefined {
  try {
    const stat = statSync(path);
    if (!stat.isFile() || stat.size > largestSettingsBytes) return undefined;
    const { permissions } = JSON.parse(readFileSync(path, 'utf8')) as { permissions?: { defaultMode?: unknown } };
    return typeof permissions?.defaultMode === 'string' ? permissions.defaultMode : undefined;
  } catch {
    return undefined; // no settings, or none that claude reads
  }
}
