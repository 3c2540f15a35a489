/**
 * `npm run probe:keepalive [-- --quick] [--json]`: which way of keeping claude alive works, on the claude of
 * CLAUDEX_TEST_CLAUDE_BIN or of this checkout. To be run again with each release of claude: src/warm stands on the answer.
 */

import { realClaudeVersion } from '../../test/support/claude-binary.ts';
import { createHermeticHome } from '../../test/support/hermetic-home.ts';
import { startLoopbackApi } from '../../test/support/loopback-api.ts';
import { disposeResources, registerResource } from '../../test/support/resources.ts';
import { approaches, type ProbeResult } from './approaches.ts';

const idleMs = process.argv.includes('--quick') ? 3000 : 20_000;
const results: Array<{ approach: string } & (ProbeResult | { failed: string })> = [];

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void disposeResources().finally(() => process.exit(130)));
}

for (const { name, probe } of approaches) {
  process.stderr.write(`${name} …\n`);
  try {
    const home = createHermeticHome();
    let count = 0;
    const api = await startLoopbackApi(() => ({ text: `ok ${++count}` }));
    registerResource({ label: 'API stand-in', dispose: () => api.close() });
    results.push({ approach: name, ...(await probe({ home, api, idleMs })) });
  } catch (error) {
    results.push({ approach: name, failed: error instanceof Error ? error.message.split('\n')[0]! : String(error) });
  } finally {
    await disposeResources();
  }
}

if (process.argv.includes('--json')) {
  process.stdout.write(`${JSON.stringify({ claude: realClaudeVersion(), idleMs, results }, null, 2)}\n`);
} else {
  const yesNo = (value: boolean): string => (value ? 'yes' : 'no');
  process.stdout.write(`\nclaude ${realClaudeVersion()}, left alone for ${idleMs / 1000} s\n\n`);
  process.stdout.write('| Approach | Stays alive | Fresh | API calls per idle minute | Answer, p50 | Note |\n');
  process.stdout.write('|---|---|---|---|---|---|\n');
  for (const one of results) {
    const cells =
      'failed' in one
        ? ['', '', '', '', `failed: ${one.failed}`]
        : [
            yesNo(one.staysAlive),
            yesNo(one.isFresh),
            String(one.idleCallsPerMinute),
            Number.isNaN(one.latencyMs) ? '–' : `${Math.round(one.latencyMs)} ms`,
            one.note,
          ];
    process.stdout.write(`| ${[one.approach, ...cells].join(' | ')} |\n`);
  }
}
process.exitCode = results.some((one) => 'failed' in one) ? 1 : 0;
