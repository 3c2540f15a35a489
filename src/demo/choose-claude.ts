/** Which claude the demo runs: the user's own, else the one among this checkout's devDependencies, else the stand-in. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { findClaude } from '../claude/binary.ts';
import { packageRoot } from '../home/package.ts';
import { readSettings } from '../settings/read.ts';
import type { DemoHome } from './demo-home.ts';
import { writeStandIn } from './stand-ins/write-stand-in.ts';

export interface ChosenClaude {
  /** What to run. */
  path: string;
  /** What it is, for people. */
  description: string;
  isReal: boolean;
}

/**
 * Looks as `claudex` itself would, with the user's own environment and setting; each candidate is asked for its version
 * in the demo's environment, so that nothing of the user's is read or written.
 */
export function chooseClaude(home: DemoHome, standIn: boolean): ChosenClaude {
  if (!standIn) {
    for (const path of candidates()) {
      const version = versionOf(path, home);
      if (version !== null) return { path, description: `the real claude ${version} (${path})`, isReal: true };
    }
  }
  const reason = standIn ? 'as you asked' : 'no claude that runs was found';
  const path = writeStandIn(join(home.root, 'claude'), { turns: [{ asksApi: true }] });
  return { path, description: `a small stand-in for claude: ${reason}`, isReal: false };
}

function candidates(): string[] {
  const found: string[] = [];
  try {
    const setting = readSettings(process.env).values['claude.path'] ?? undefined;
    found.push(findClaude({ env: process.env, setting }));
  } catch {
    // CLAUDE_NOT_FOUND, or a setting that is wrong: the demo runs without
  }
  const scope = join(packageRoot(), 'node_modules', '@anthropic-ai');
  const platform = `claude-code-${process.platform}-${process.arch}`;
  if (existsSync(scope)) {
    // on musl the name ends in -musl; at most one is installed
    const names = readdirSync(scope).filter((name) => name === platform || name === `${platform}-musl`);
    found.push(...names.map((name) => join(scope, name, 'claude')));
  }
  return found;
}

function versionOf(path: string, home: DemoHome): string | null {
  try {
    const text = execFileSync(path, ['--version'], {
      encoding: 'utf8',
      timeout: 10_000,
      stdio: ['ignore', 'pipe', 'ignore'],
      cwd: home.root,
      env: home.env('http://127.0.0.1:9', path),
    });
    return /\d+\.\d+\.\d+\S*/.exec(text)?.[0] ?? null;
  } catch {
    return null; // cannot run in a bare environment (a version manager's shim), or not here at all
  }
}
