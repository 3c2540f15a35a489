import { findClaude } from '../claude/binary.ts';
import { claudeVersion } from '../claude/version.ts';
import { ClaudexError } from '../errors/claudex-error.ts';
import { packageVersion } from '../home/package.ts';
import { oneLine } from '../protocol/sanitise.ts';
import { readSettings } from '../settings/read.ts';

/** What `claudex --version` prints: ours, then claude's. */
export async function versionText(env: NodeJS.ProcessEnv): Promise<string> {
  const found = await locateClaude(env);
  const claude =
    found.path === null
      ? `claude: not found. ${oneLine(found.problem?.facts ?? '')}`.trimEnd()
      : `claude ${found.version ?? '(does not answer)'} (${oneLine(found.path)})`;
  return `claudex ${packageVersion()}\n${claude}\n`;
}

/** Where claude is and which version; nulls when there is none. Runs `claude --version`. */
export async function locateClaude(env: NodeJS.ProcessEnv): Promise<{
  path: string | null;
  version: string | null;
  problem?: ClaudexError;
}> {
  try {
    const path = findClaude({
      env,
      setting: readSettings(env).values['claude.path'] ?? undefined,
    });
    return { path, version: await claudeVersion(path, env) };
  } catch (error) {
    if (!(error instanceof ClaudexError)) throw error;
    return { path: null, version: null, problem: error };
  }
}
