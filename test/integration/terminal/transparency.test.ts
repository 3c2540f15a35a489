/** Nobody can tell claudex from claude: random sessions played directly and through claudex, from one seed, and compared. */
import { createHash } from 'node:crypto';
import { chmodSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { verifies } from '../../requirements.ts';
import { claudexBin } from '../../support/claudex-bin.ts';
import { installLeakCheck } from '../../support/leak-check.ts';
import { repetitions } from '../../support/repetition.ts';
import { runSessions } from '../../transparency/run-sessions.ts';

/** A failure names its seed; `npm run transparency -- --sessions 1 --seed N` repeats it. */
const firstSeed = 100_000;

/** As a person would: claudex, in it a shell, in that `command`. */
function insideClaudex(command: string, claude: string): string[] {
  const shell = `${claude}-shell-${createHash('sha256').update(command).digest('hex').slice(0, 8)}`;
  writeFileSync(shell, `#!/bin/sh\n( CLAUDEX_CLAUDE_BIN='${claude}' ${command}; exit $? )\nexit $?\n`);
  chmodSync(shell, 0o755);
  return ['/usr/bin/env', `CLAUDEX_CLAUDE_BIN=${shell}`, process.execPath, claudexBin];
}

describe('random sessions, directly and through claudex', () => {
  installLeakCheck();

  it(`show no difference in output, input, terminal, environment and exit ${verifies('terminal-bytes', 'terminal-settings', 'terminal-size', 'terminal-exit', 'terminal-restored')}`, async () => {
    expect(await runSessions({ firstSeed, count: repetitions(24, 200) })).toEqual([]);
  }, 240_000);

  it.each([
    ['script', (command: string) => ['script', '-qec', command, '/dev/null']],
    ['another claudex', insideClaudex],
  ])(
    `show none inside %s ${verifies('terminal-nested')}`,
    async (_, inside) => {
      expect(await runSessions({ firstSeed, count: repetitions(5, 24), inside })).toEqual([]);
    },
    120_000,
  );

  it.each([
    ['a byte more', 'printf x; exec "$0"', /^output: /],
    ['other control characters', 'stty erase ^G; exec "$0"', /^settings: /],
    ['another size', 'stty cols 66; exec "$0"', /^size: /],
    ['a variable more', 'PLANTED=1 exec "$0"', /^environment: .*PLANTED/],
    ['another exit', '"$0"; exit 77', /^exit: /],
    [
      'a terminal left as it was not',
      '"$0"; code=$?; stty -echo; exit $code',
      /^settings of the terminal afterwards: /,
    ],
  ])('a planted difference is seen: %s', async (_, script, difference) => {
    const [session] = await runSessions({
      firstSeed,
      count: 1,
      runThrough: (claude) => ['/bin/sh', '-c', script, claude],
    });
    expect(session?.differences).toContainEqual(expect.stringMatching(difference));
  });
});
