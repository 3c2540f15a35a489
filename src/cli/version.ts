import { findClaude } from '../claude/binary.ts';
import { claudeVersion } from '../claude/version.ts';
import { ClaudexError } from '../errors/claudex-error.ts';
import { packageVersion } from '../home/package.ts';
import { readSettings } from '../settings/read.ts';

/** What `claudex --version` prints: ours, then claude's. */
export function versionText(env: NodeJS.ProcessEnv): string {
  const found = locateClaude(env);
  const claude =
    found.path === null ? 'claude: not found' : `claude ${found.version ?? '(does not answer)'} (${found.path})`;
  return `claudex ${packageVersion()}\n${claude}\n`;
}

/** Where claude is and which version; nulls when there is none. Runs `claude --version`. */
export function locateClaude(env: NodeJS.ProcessEnv): {
  path: string | null;
  version: string | null;
  problem?: ClaudexError;
} {
  try {
    const path = findClaude({
      env,
      setting: readSettings(env).values['claude.path'] ?? undefined,
    });
    return { path, version: claudeVersion(path) };
  } catch (error) {
    if (!(error instanceof ClaudexError)) throw error;
    return { path: null, version: null, problem: error };
  }
}
