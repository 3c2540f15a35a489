/** Which real claude the tests run: the exact devDependency, or the one that `npm run test:compat` fetched. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** True where the C library is musl: the platform package has a name of its own there. */
function isMusl(): boolean {
  if (process.platform !== 'linux') return false;
  const report = process.report?.getReport() as { header?: { glibcVersionRuntime?: string } } | undefined;
  if (report?.header?.glibcVersionRuntime) return false;
  return readdirSync('/lib').some((name) => name.startsWith('ld-musl-')) || existsSync('/etc/alpine-release');
}

/** Name of the npm package that holds claude's native binary for this machine. */
export function claudePlatformPackage(): string {
  return `@anthropic-ai/claude-code-${process.platform}-${process.arch}${isMusl() ? '-musl' : ''}`;
}

/** Absolute path of the real claude: CLAUDEX_TEST_CLAUDE_BIN (set by test/compat.mjs), else the devDependency's binary. */
export function realClaudePath(): string {
  const given = process.env.CLAUDEX_TEST_CLAUDE_BIN;
  if (given) return given;
  const require = createRequire(import.meta.url);
  const path = join(dirname(require.resolve(`${claudePlatformPackage()}/package.json`)), 'claude');
  if (!existsSync(path)) throw new Error(`the real claude is missing: ${path} (run npm ci)`);
  return path;
}

let version: string | undefined;

/** Version of that claude, such as `2.1.197`. */
export function realClaudeVersion(): string {
  version ??= execFileSync(realClaudePath(), ['--version'], { encoding: 'utf8' }).trim().split(' ')[0] ?? '';
  return version;
}

/** True when the real claude is at least `wanted` (`major.minor.patch`). */
export function realClaudeIsAtLeast(wanted: string): boolean {
  return realClaudeVersion().localeCompare(wanted, 'en', { numeric: true }) >= 0;
}
