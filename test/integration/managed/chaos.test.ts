/** Managed sessions whose hosts, claudes, viewers and daemon are killed and stopped while messages come: a short run of bench/chaos. */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { verifies } from '../../requirements.ts';
import { repositoryRoot } from '../../support/claudex-bin.ts';
import { run } from '../../support/run-command.ts';

const most = 170_000;

it(
  `each fault of a host once, while messages come: none lost, doubled or out of order, nothing left behind ${verifies('managed-survives', 'exactly-once', 'order-kept')}`,
  async () => {
    const words = ['--hosts', '--messages', '60', '--sessions', '2', '--seed', '3', '--json'];
    const tsx = join(repositoryRoot, 'node_modules', '.bin', 'tsx');
    const { code, stdout, stderr } = await run(tsx, [join(repositoryRoot, 'bench', 'chaos', 'main.ts'), ...words], {
      env: process.env as Record<string, string>,
      timeoutMs: most,
    });
    expect(stdout, stderr).toMatch(/^\{/);
    const { violations, orphans, accepted, faults } = JSON.parse(stdout);
    expect({ violations, orphans, accepted }).toEqual({ violations: [], orphans: [], accepted: 60 });
    // one that has found its host away has not struck
    expect(Object.keys(faults).length).toBeGreaterThan(1);
    expect(code).toBe(0);
  },
  most,
);
