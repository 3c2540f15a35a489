/** A fixture as claude. */
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fixture } from './claudex-bin.ts';
import type { HermeticHome } from './hermetic-home.ts';

/**
 * Environment in which `claude` is that fixture, by a wrapper outside this checkout: claudex takes everything in its own
 * package for itself. Without `passArguments` the fixture gets none (claudex adds --settings, which would be its argument).
 */
export function withClaude(
  home: HermeticHome,
  name: string,
  extra: Record<string, string> = {},
  passArguments = false,
): Record<string, string> & { CLAUDEX_CLAUDE_BIN: string } {
  const wrapper = join(home.root, `claude-${name.replace('.mjs', '')}`);
  writeFileSync(wrapper, `#!/bin/sh\nexec '${process.execPath}' '${fixture(name)}'${passArguments ? ' "$@"' : ''}\n`);
  chmodSync(wrapper, 0o755);
  return { ...home.env(), CLAUDEX_CLAUDE_BIN: wrapper, ...extra };
}

/** As `withClaude`, and claudex's home is a file: sessions shorter than a daemon's start would leave one behind. */
export function withClaudeAlone(
  home: HermeticHome,
  name: string,
  extra: Record<string, string> = {},
): Record<string, string> {
  const broken = join(home.root, 'a-file');
  writeFileSync(broken, '');
  return withClaude(home, name, { CLAUDEX_HOME: broken, ...extra });
}
