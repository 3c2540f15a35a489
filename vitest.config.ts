import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    // node-pty is not thread-safe: processes, not threads.
    pool: 'forks',
    // Most tests wait for processes they have started: one worker more than two cores keeps both busy. (Vitest takes one fewer than there are.)
    maxWorkers: 3,
    // for machines that are slow and busy: what hangs is told by the waits themselves, which say what they have seen
    testTimeout: 180_000,
    hookTimeout: 180_000,
    projects: [
      { extends: true, test: { name: 'unit', include: ['test/unit/**/*.test.ts'] } },
      { extends: true, test: { name: 'integration', include: ['test/integration/**/*.test.ts'] } },
      { extends: true, test: { name: 'e2e', include: ['test/e2e/**/*.test.ts'] } },
    ],
  },
});
