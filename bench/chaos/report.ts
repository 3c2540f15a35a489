/** What a run found, as a table or as JSON. */
import type { Verdict } from './verdict.ts';

export interface Report extends Verdict {
  messages: number;
  seed: number;
  sessions: number;
  seconds: number;
  /** Until the last message was accepted. */
  acceptedSeconds: number;
  drained: boolean;
  /** False: no file system of our own, so no full disks. */
  ownDisk: boolean;
  faults: Record<string, number>;
  /** Tries of senders that failed and were made again, by error code. */
  failedTries: Record<string, number>;
  failedStarts: Record<string, number>;
  sessionsStarted: number;
  /** Prompts that the person typed where only a prompt lets messages in. */
  prompts: number;
  /** Sessions that sat on their queue although a way in was there. Not lost, but late. */
  stalls: string[];
  /** Processes and files of hosts and claudes that nothing knows of at the end. */
  orphans: string[];
}

const shownViolations = 40;

export function printReport(report: Report, json: boolean): void {
  if (json) {
    process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
    return;
  }
  const count = (kind: string): number => report.violations.filter((one) => one.kind === kind).length;
  const rows: Array<[string, string | number]> = [
    ['messages', report.messages],
    ['accepted', report.accepted],
    ['answered', report.answered],
    ...prefixed('  by', report.byRoute),
    ...prefixed('failed:', report.failedByReason),
    ['  of these in no transcript', report.failedUnseen],
    ['stuck', report.stuck],
    ['lost', count('lost')],
    ['doubled', count('doubled')],
    ['reordered', count('reordered')],
    ['still open', count('open')],
    ['orphans', report.orphans.length],
    ...prefixed('fault:', report.faults),
    ...prefixed('tried again after', report.failedTries),
    ...prefixed('daemon did not start:', report.failedStarts),
    ['sessions', `${report.sessions} folders, ${report.sessionsStarted} started`],
    ['prompts by the person', report.prompts],
    ['stalls', report.stalls.length],
    ['seconds', `${report.seconds.toFixed(0)} (${report.acceptedSeconds.toFixed(0)} to accept)`],
    ...(report.ownDisk ? [] : [['no full disks', 'needs root on Linux (a tmpfs)'] satisfies [string, string]]),
  ];
  const width = Math.min(60, Math.max(...rows.map(([name]) => name.length)));
  for (const [name, value] of rows) process.stdout.write(`${name.padEnd(width)}  ${value}\n`);
  for (const one of report.violations.slice(0, shownViolations)) {
    process.stdout.write(`\n${one.kind.toUpperCase()} ${one.id}: ${one.why}\n`);
    process.stdout.write(`  history: ${JSON.stringify(one.history)}\n`);
    for (const line of one.appearances) process.stdout.write(`  in transcript: ${line}\n`);
  }
  for (const one of report.orphans) process.stdout.write(`\nORPHAN ${one}\n`);
  const more = report.violations.length - shownViolations;
  if (more > 0) process.stdout.write(`\n… and ${more} more\n`);
}

function prefixed(prefix: string, counts: Record<string, number>): Array<[string, number]> {
  return Object.entries(counts).map(([name, value]) => [`${prefix} ${name}`, value]);
}
