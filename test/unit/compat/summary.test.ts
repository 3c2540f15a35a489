import { expect, it } from 'vitest';
import { compatSummary, type VitestReport } from '../../compat/summary.ts';

type Outcome = [name: string, status: string, why?: string];

function file(path: string, ...outcomes: Outcome[]): VitestReport['testResults'][number] {
  const assertionResults = outcomes.map(([fullName, status, why]) => {
    return { fullName, status, failureMessages: why === undefined ? [] : [why] };
  });
  return { name: `/checkout/test/e2e/${path}`, assertionResults };
}

it('says that all facts hold', () => {
  const facts = file('claude-facts.test.ts', ['says idle', 'passed'], ['says busy', 'passed']);
  const others = file('mcp/mcp.test.ts', ['lists', 'passed'], ['left out here', 'skipped']);
  expect(compatSummary({ testResults: [facts, others] }, '2.1.332')).toEqual([
    'claude 2.1.332: all 2 pinned facts hold.',
    'The other e2e tests that ran: 1 passed.',
  ]);
});

it('names the facts that broke, with why, before whatever else failed', () => {
  const facts = file(
    'claude-facts.test.ts',
    ['says idle', 'failed', 'expected idle\n  at here'],
    ['says busy', 'passed'],
  );
  const others = file('mcp/mcp.test.ts', ['lists', 'failed', 'timed out'], ['sends', 'passed']);
  expect(compatSummary({ testResults: [others, facts] }, '9.9.9')).toEqual([
    'claude 9.9.9: 1 of 2 pinned facts broke:',
    '  says idle\n      expected idle',
    'The other e2e tests that ran: 1 of 2 failed, perhaps because of that:',
    '  test/e2e/mcp/mcp.test.ts\n    lists\n      timed out',
  ]);
});

it('a file that could not be run is a failure', () => {
  const broken = { name: '/checkout/test/e2e/claude-facts.test.ts', assertionResults: [], message: 'SyntaxError: x' };
  expect(compatSummary({ testResults: [broken] }, '1.0.0')[0]).toBe('claude 1.0.0: 1 of 1 pinned facts broke:');
});
