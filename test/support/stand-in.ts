/** The scripted stand-in for claude (src/demo/stand-ins/claude), as built, in a test's own home. */
import { join } from 'node:path';
import { type Scenario, writeStandIn } from '../../src/demo/stand-ins/write-stand-in.ts';
import { repositoryRoot } from './claudex-bin.ts';
import type { HermeticHome } from './hermetic-home.ts';

const script = join(repositoryRoot, 'dist', 'src', 'demo', 'stand-ins', 'claude', 'play-claude.js');

/** An executable that plays that scenario, in `folder`, which is outside of this checkout. */
export function standIn(folder: string, scenario: Scenario = {}, name = 'stand-in'): string {
  return writeStandIn(join(folder, name), scenario, script);
}

/** Environment in which `claude` is the stand-in. */
export function withStandIn(
  home: HermeticHome,
  scenario: Scenario = {},
  extra: Record<string, string> = {},
): Record<string, string> & { CLAUDEX_CLAUDE_BIN: string } {
  return { ...home.env(), CLAUDEX_CLAUDE_BIN: standIn(home.root, scenario), ...extra };
}
