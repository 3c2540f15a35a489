import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

/** What git can hold: `.claude/agents` of that folder with two links to itself, which are 2^40 paths to whoever follows them. */
export function linkBomb(dir: string): void {
  const agents = join(dir, '.claude', 'agents');
  mkdirSync(agents, { recursive: true });
  for (const name of ['a', 'b']) symlinkSync('.', join(agents, name));
}
