/** Finds the real claude: CLAUDEX_CLAUDE_BIN, then the setting, then PATH; never claudex itself. */
import { accessSync, constants, realpathSync, statSync } from 'node:fs';
import { delimiter, join, sep } from 'node:path';
import { ClaudexError } from '../errors/claudex-error.ts';

/** In the environment of `claude --version`, which runs nothing: a claudex that finds it was meant to be claude, and would ask itself for ever. */
export const versionAskedVariable = 'CLAUDEX_ASKS_VERSION';

export const leadsBack = 'What PATH calls claude is a script that starts claudex again.';

export interface FindClaudeOptions {
  env: NodeJS.ProcessEnv;
  /** The library's option; goes before everything else. */
  claudeBinary?: string | undefined;
  /** The `claude.path` setting. */
  setting?: string | undefined;
}

/**
 * Absolute or PATH-resolved path of claude.
 * @throws ClaudexError CLAUDE_NOT_FOUND, saying where it looked.
 */
export function findClaude(options: FindClaudeOptions): string {
  if (options.env[versionAskedVariable]) throw new ClaudexError('CLAUDE_NOT_FOUND', leadsBack);
  const named: Array<[source: string, path: string | undefined]> = [
    ['claudeBinary', options.claudeBinary],
    ['CLAUDEX_CLAUDE_BIN', options.env.CLAUDEX_CLAUDE_BIN],
    ['the setting claude.path', options.setting],
  ];
  for (const [source, path] of named) {
    if (!path) continue;
    if (!isExecutableFile(path))
      throw new ClaudexError('CLAUDE_NOT_FOUND', `${source} names ${path}, which cannot be run${takeAway(source)}.`);
    if (isOurs(path)) {
      throw new ClaudexError(
        'CLAUDE_NOT_FOUND',
        `${source} names ${path}, which is claudex itself${takeAway(source)}.`,
      );
    }
    return path;
  }
  const ours: string[] = [];
  for (const dir of (options.env.PATH ?? '').split(delimiter)) {
    const candidate = join(dir || '.', 'claude');
    if (!isExecutableFile(candidate)) continue;
    if (!isOurs(candidate)) return candidate;
    ours.push(candidate);
  }
  throw new ClaudexError(
    'CLAUDE_NOT_FOUND',
    ours.length > 0 ? `PATH has ${ours.join(', ')}, but that is claudex itself.` : 'No folder in PATH has it.',
  );
}

/** The way out that the fix of the catalogue does not know. */
function takeAway(source: string): string {
  if (source === 'the setting claude.path') return '; `claudex config unset claude.path` takes that away';
  return source === 'CLAUDEX_CLAUDE_BIN' ? '; `unset CLAUDEX_CLAUDE_BIN` takes that away' : '';
}

function isExecutableFile(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false; // missing or not executable
  }
}

/** A link to us, under whatever name and from whichever installation of claudex. */
function isOurs(path: string): boolean {
  return realpathSync(path).endsWith(join(sep, 'bin', 'claudex.js'));
}
