/** Makes an executable of the stand-in for claude: claude is one file, so a line of shell starts Node with our script. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { shellQuote } from '../../claude/hooks/hook-settings.ts';
import type { Scenario } from './claude/scenario.ts';

export type { Scenario } from './claude/scenario.ts';

/**
 * Writes the executable to `path`, and the scenario beside it (`<path>.json`), whose name stands on the command line of each process.
 * Has to be outside of our package: claudex takes everything in there for itself.
 * @param script the built stand-in, for callers that run from source without a loader
 */
export function writeStandIn(path: string, scenario: Scenario = {}, script = ownScript()): string {
  writeFileSync(`${path}.json`, JSON.stringify(scenario));
  const words = [process.execPath, ...loaders(script), script, `${path}.json`].map(shellQuote).join(' ');
  writeFileSync(path, `#!/bin/sh\nexec ${words} "$@"\n`, { mode: 0o700 });
  return path;
}

function ownScript(): string {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return fileURLToPath(new URL(`./claude/play-claude.${extension}`, import.meta.url));
}

/** What lets Node run TypeScript, where that is what is run. */
function loaders(script: string): string[] {
  return script.endsWith('.ts') ? process.execArgv : [];
}
