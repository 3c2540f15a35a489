#!/usr/bin/env node
// `npm run check`: types, lint and the unit tests side by side, without a build: a verdict in under a minute.
// `npm run check -- <area> …`: the same, then a build and the integration tests of those areas (folders of test/integration).
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const bin = (name) => join(root, 'node_modules', '.bin', name);
const areas = process.argv.slice(2);
const integration = join(root, 'test', 'integration');
const unknown = areas.filter((area) => !existsSync(join(integration, area)));
if (unknown.length > 0) {
  const known = readdirSync(integration, { withFileTypes: true }).filter((one) => one.isDirectory());
  console.error(`no such area: ${unknown.join(', ')}\nFix: name one of ${known.map(({ name }) => name).join(', ')}.`);
  process.exit(2);
}

/** Runs a command and keeps what it says until it has ended; resolves with whether it went well. */
function run(title, file, args) {
  const startedAt = performance.now();
  return new Promise((resolve) => {
    let output = '';
    const child = spawn(file, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text) => (output += text));
    child.once('error', (error) => (output += error.message));
    child.once('close', (code) => {
      const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
      if (code !== 0) console.log(`\n── ${title}\n${output}`);
      console.log(`${code === 0 ? 'ok    ' : 'FAILED'} ${title} (${seconds} s)`);
      resolve(code === 0);
    });
  });
}

const vitest = (...args) => [bin('vitest'), ['run', '--reporter=dot', ...args]];
const results = await Promise.all([
  run('types', bin('tsc'), ['-p', 'tsconfig.json']),
  run('types of the web page', bin('tsc'), ['-p', 'src/web/page/tsconfig.json']),
  run('lint', bin('biome'), ['check', '.']),
  run('unit tests', ...vitest('--project', 'unit')),
]);
if (areas.length > 0) {
  results.push(await run('build', 'npm', ['run', '--silent', 'build']));
  const folders = areas.map((area) => join('test', 'integration', area));
  results.push(await run(`integration tests: ${areas.join(', ')}`, ...vitest('--project', 'integration', ...folders)));
}
process.exitCode = results.every(Boolean) ? 0 : 1;
