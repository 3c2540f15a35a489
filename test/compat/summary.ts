/** What a run of the e2e tests on some claude says about the facts that claudex leans on. Pure. */

/** The parts that are read of vitest's JSON report. */
export interface VitestReport {
  testResults: Array<{
    name: string;
    assertionResults: Array<{ fullName: string; status: string; failureMessages?: string[] }>;
    message?: string;
  }>;
}

/** Each test in these files pins one fact about claude, and is named after it. */
const factFile = /facts\.test\.ts$/;

interface Result {
  file: string;
  name: string;
  status: string;
  why: string;
}

/** Lines to print: the facts that broke, then what else failed, each with the first line of why. */
export function compatSummary(report: VitestReport, version: string): string[] {
  const results = report.testResults.flatMap(resultsOf);
  const counted = results.filter(({ status }) => status === 'passed' || status === 'failed');
  const [facts, others] = [counted.filter(isFact), counted.filter((one) => !isFact(one))];
  const [broken, failed] = [facts.filter(hasFailed), others.filter(hasFailed)];
  const told = (one: Result): string => `  ${one.name}${one.why && `\n      ${one.why}`}`;
  return [
    broken.length === 0
      ? `claude ${version}: all ${facts.length} pinned facts hold.`
      : `claude ${version}: ${broken.length} of ${facts.length} pinned facts broke:`,
    ...broken.map(told),
    failed.length === 0
      ? `The other e2e tests that ran: ${others.length} passed.`
      : `The other e2e tests that ran: ${failed.length} of ${others.length} failed${broken.length > 0 ? ', perhaps because of that' : ''}:`,
    ...failed.map((one) => `  ${one.file}\n  ${told(one)}`),
  ];
}

function resultsOf({ name, assertionResults, message = '' }: VitestReport['testResults'][number]): Result[] {
  const file = name.replace(/^.*\/(?=test\/)/, '');
  // a file that could not be loaded has no tests to show for it
  if (assertionResults.length === 0 && message !== '') {
    return [{ file, name: 'the file could not be run', status: 'failed', why: firstLine(message) }];
  }
  return assertionResults.map(({ fullName, status, failureMessages = [] }) => {
    return { file, name: fullName, status, why: firstLine(failureMessages[0] ?? '') };
  });
}

function isFact({ file }: Result): boolean {
  return factFile.test(file);
}

function hasFailed({ status }: Result): boolean {
  return status === 'failed';
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0]!.slice(0, 200);
}
