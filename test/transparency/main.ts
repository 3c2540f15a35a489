/**
 * `npm run transparency -- [--sessions 1000] [--seed 1]`: random sessions directly and through claudex; exit code 1 when one
 * differs, with its seed. `--sessions 1 --seed N` plays that one again.
 */
import { parseArgs } from 'node:util';
import { runSessions } from './run-sessions.ts';

const { values } = parseArgs({
  options: { sessions: { type: 'string', default: '1000' }, seed: { type: 'string', default: '1' } },
});
const [count, firstSeed] = [Number(values.sessions), Number(values.seed)];
const startedAt = performance.now();
let done = 0;
const found = await runSessions({
  firstSeed,
  count,
  onSession: () => {
    done++;
    if (done % 50 === 0) process.stderr.write(`  ${done} of ${count}\n`);
  },
});
for (const { seed, differences } of found) process.stdout.write(`seed ${seed}:\n  ${differences.join('\n  ')}\n`);
const seconds = ((performance.now() - startedAt) / 1000).toFixed(0);
process.stdout.write(`${count} sessions from seed ${firstSeed}, ${found.length} with a difference, ${seconds} s\n`);
process.exitCode = found.length > 0 ? 1 : 0;
