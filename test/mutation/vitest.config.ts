/** The unit tests alone, for `npm run mutation`: no projects, so that Stryker may choose the tests of each mutant. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/unit/**/*.test.ts'],
    exclude: ['test/unit/docs-match-code.test.ts', 'test/unit/architecture.test.ts', 'test/unit/requirements.test.ts'],
    pool: 'forks',
    // a mutant may be slow, and the machine busy: Stryker ends what hangs
    testTimeout: 180_000,
  },
});
