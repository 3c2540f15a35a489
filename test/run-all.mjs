#!/usr/bin/env node
// `npm test [-- <project>… [vitest options]]`: build, type check, lint, then the vitest projects. The last line is
// `N passed, N failed`: vitest tests, and each of build, type check and lint (and each file that does not load) as a
// failure when it fails.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const bin = (name) => join(root, 'node_modules', '.bin', name);
const projectNames = ['unit', 'integration', 'e2e'];
const projects = process.argv.slice(2).filter((arg) => projectNames.includes(arg));
const passedOn = process.argv.slice(2).filter((arg) => !projectNames.includes(arg));

/** Runs a command with our output; resolves with its exit code. */
function run(title, file, args) {
  console.log(`\n── ${title}`);
  return new Promise((resolve) => {
    const child = spawn(file, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
    child.once('error', (error) => {
      console.error(`${file}: ${error.message}`);
      resolve(127);
    });
    child.once('close', (code, signal) => resolve(signal ? 1 : code));
  });
}

/** What vitest wrote into its JSON report: tests, and files that failed without a failed test. */
function readReport(path) {
  try {
    const report = JSON.parse(readFileSync(path, 'utf8'));
    const brokenFiles = report.testResults.filter(
      (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
    );
    return { passed: report.numPassedTests, failed: report.numFailedTests + brokenFiles.length };
  } catch {
    return { passed: 0, failed: 0 }; // no report: vitest's exit code counts below
  }
}

let failed = 0;
let passed = 0;
const steps = [
  ['build', 'npm', ['run', '--silent', 'build']],
  ['type check', bin('tsc'), ['-p', 'tsconfig.json']],
  ['type check of the web page', bin('tsc'), ['-p', 'src/web/page/tsconfig.json']],
  ['lint', bin('biome'), ['check', '.']],
];
for (const [title, file, args] of steps) {
  const code = await run(title, file, args);
  if (code !== 0) {
    failed++;
    console.error(`${title} failed (exit ${code})`);
  }
}

/** True when nats-server is there: the tests of `claudex mesh` run a real one. */
function hasNatsServer() {
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/usr/local/sbin'];
  return folders.some((one) => existsSync(join(one, 'nats-server')));
}

// as root on Debian it is brought along
if (!hasNatsServer() && process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
  // no service of it is started: there, the init scripts believe that the machine goes down
  const apt = ['env', 'DEBIAN_FRONTEND=noninteractive', 'RUNLEVEL=1', 'timeout', '120', 'apt-get', '-qq'];
  const install = () =>
    run('nats-server, from Debian', apt[0], [
      ...apt.slice(1),
      'install',
      '-y',
      '--no-install-recommends',
      'nats-server',
    ]);
  if ((await install()) !== 0) {
    await run('lists of Debian’s packages', apt[0], [...apt.slice(1), 'update']);
    await install();
  }
}

const folder = mkdtempSync(join(tmpdir(), 'claudex-report-'));
const report = join(folder, 'report.json');
try {
  const code = await run('tests', bin('vitest'), [
    'run',
    ...projects.flatMap((project) => ['--project', project]),
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...passedOn,
  ]);
  const counted = readReport(report);
  passed += counted.passed;
  failed += counted.failed;
  if (code !== 0 && counted.failed === 0) {
    failed++;
    console.error(`vitest failed (exit ${code})`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

if (!hasNatsServer())
  console.log(
    '\nThe tests of `claudex mesh` with a real server did not run: nats-server is missing (apt install nats-server).',
  );
process.exitCode = failed > 0 ? 1 : 0;
process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
