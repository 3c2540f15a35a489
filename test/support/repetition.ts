/**
 * How often a test that proves by repetition repeats: `few` in `npm test`, `all` in `npm run test:soak` (CLAUDEX_TEST_SOAK=1).
 * `few` must still be enough to see the bug come back that the test is there for.
 */
export function repetitions(few: number, all: number): number {
  return process.env.CLAUDEX_TEST_SOAK === '1' ? all : few;
}
