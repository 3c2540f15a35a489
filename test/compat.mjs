#!/usr/bin/env node
// `npm run test:compat -- <version> [vitest options]`: runs the e2e tests on that version of claude, fetched into a
// temporary folder which is removed afterwards. Exits as vitest does.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [version, ...passedOn] = process.argv.slice(2);
if (!version || !/^(\d+\.\d+\.\d+\S*|latest|stable|next)$/.test(version)) {
  console.error('usage: npm run test:compat -- <version of @anthropic-ai/claude-code> [vitest options]');
  process.exit(2);
}

const glibc = process.report?.getReport()?.header?.glibcVersionRuntime;
const musl = process.platform === 'linux' && !glibc && readdirSync('/lib').some((name) => name.startsWith('ld-musl-'));
const name = `@anthropic-ai/claude-code-${process.platform}-${process.arch}${musl ? '-musl' : ''}`;
const folder = mkdtempSync(join(tmpdir(), 'claudex-compat-'));
let child;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child?.kill(signal));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

/** Runs a command with our output and the given environment; resolves with its exit code. */
function run(file, args, env = process.env) {
  return new Promise((resolve) => {
    child = spawn(file, args, { cwd: root, env, stdio: ['ignore', 'inherit', 'inherit'] });
    child.once('error', (error) => {
      console.error(`${file}: ${error.message}`);
      resolve(127);
    });
    child.once('close', (code, signal) => resolve(signal ? 1 : code));
  });
}

console.log(`fetching ${name}@${version} into ${folder}`);
const fetched = await run('npm', [
  'install',
  '--prefix',
  folder,
  '--ignore-scripts',
  '--no-save',
  '--no-audit',
  '--no-fund',
  '--loglevel=error',
  `${name}@${version}`,
]);
if (fetched !== 0) process.exit(fetched);
const claude = join(folder, 'node_modules', ...name.split('/'), 'claude');
if (!existsSync(claude)) {
  console.error(`${name}@${version} holds no executable named claude`);
  process.exit(1);
}
const said = spawnSync(claude, ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
console.log(`testing with ${said.stdout?.trim()}`);
const built = await run('npm', ['run', '--silent', 'build']);
if (built !== 0) process.exit(built);
process.exitCode = await run(join(root, 'node_modules', '.bin', 'vitest'), ['run', '--project', 'e2e', ...passedOn], {
  ...process.env,
  CLAUDEX_TEST_CLAUDE_BIN: claude,
});
