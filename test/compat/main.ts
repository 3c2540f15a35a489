/**
 * `npm run test:compat [-- <version> [vitest options]]`: runs the e2e tests on that version of claude (the newest there is, unless
 * told otherwise), fetched into a temporary folder which is removed afterwards, and names the pinned facts that broke. Exits as
 * vitest does.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../src/home/package.ts';
import { compatSummary } from './summary.ts';

const root = packageRoot();
const [version = 'latest', ...passedOn] = process.argv.slice(2);
if (!/^(\d+\.\d+\.\d+\S*|latest|stable|next)$/.test(version)) {
  console.error('usage: npm run test:compat [-- <version of @anthropic-ai/claude-code, or latest> [vitest options]]');
  process.exit(2);
}

const report = process.report?.getReport() as { header?: { glibcVersionRuntime?: string } } | undefined;
const isMusl =
  process.platform === 'linux' &&
  !report?.header?.glibcVersionRuntime &&
  readdirSync('/lib').some((one) => one.startsWith('ld-musl-'));
const name = `@anthropic-ai/claude-code-${process.platform}-${process.arch}${isMusl ? '-musl' : ''}`;
const folder = mkdtempSync(join(tmpdir(), 'claudex-compat-'));
let child: ChildProcess | undefined;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child?.kill(signal));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

/** Runs a command with our output and the given environment; resolves with its exit code. */
function run(file: string, args: readonly string[], env = process.env): Promise<number> {
  return new Promise((resolve) => {
    child = spawn(file, args, { cwd: root, env, stdio: ['ignore', 'inherit', 'inherit'] });
    child.once('error', (error) => {
      console.error(`${file}: ${error.message}`);
      resolve(127);
    });
    child.once('close', (code, signal) => resolve(signal ? 1 : (code ?? 1)));
  });
}

console.log(`fetching ${name}@${version} into ${folder}`);
const quiet = ['--ignore-scripts', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'];
const fetched = await run('npm', ['install', '--prefix', folder, ...quiet, `${name}@${version}`]);
if (fetched !== 0) process.exit(fetched);
const claude = join(folder, 'node_modules', ...name.split('/'), 'claude');
if (!existsSync(claude)) {
  console.error(`${name}@${version} holds no executable named claude`);
  process.exit(1);
}
const said = spawnSync(claude, ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
const tested = /\d+\.\d+\.\d+\S*/.exec(said.stdout)?.[0] ?? version;
console.log(`testing with claude ${tested}`);
const built = await run('npm', ['run', '--silent', 'build']);
if (built !== 0) process.exit(built);
const outputFile = join(folder, 'report.json');
const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${outputFile}`];
process.exitCode = await run(
  join(root, 'node_modules', '.bin', 'vitest'),
  ['run', '--project', 'e2e', ...reporters, ...passedOn],
  { ...process.env, CLAUDEX_TEST_CLAUDE_BIN: claude },
);
if (existsSync(outputFile)) {
  console.log(`\n${compatSummary(JSON.parse(readFileSync(outputFile, 'utf8')), tested).join('\n')}`);
}
