/** What claudex may change, and the differences that are none of that. */
import { TerminalModes } from '../../src/terminal/terminal-modes.ts';
import type { PlayedSession } from './play-session.ts';

/** The variable that claudex adds (docs/settings.md). */
const added = 'CLAUDEX_LAUNCHED_BY';

/** Every difference in words; empty when nobody could tell the two apart. */
export function compareSessions(direct: PlayedSession, through: PlayedSession): string[] {
  const differences: string[] = [];
  const differ = (what: string, expected: unknown, found: unknown): void => {
    const [one, other] = [JSON.stringify(expected), JSON.stringify(found)];
    if (one !== other) differences.push(`${what}: ${one} directly, ${other} through claudex`);
  };
  // a program that leaves modes on is cleaned up after: those bytes, all of them, and no other
  const modes = new TerminalModes();
  modes.output(direct.output);
  const expected = Buffer.concat([direct.output, Buffer.from(modes.undo('signal' in direct.exit), 'latin1')]);
  if (!expected.equals(through.output)) differences.push(`output: ${firstDifference(expected, through.output)}`);
  if (!direct.input.equals(through.input)) differences.push(`input: ${firstDifference(direct.input, through.input)}`);
  const { environment, ...directReport } = direct.report;
  // inside another claudex it is there already
  const { [added]: _outer, ...directly } = environment;
  if (!(added in through.report.environment)) differences.push('it did not go through claudex');
  const { [added]: _, ...throughClaudex } = through.report.environment;
  differ('environment', sorted(directly), sorted(throughClaudex));
  for (const name of Object.keys(directReport)) differ(name, directReport[name], through.report[name]);
  differ('exit', direct.exit, through.exit);
  differ('settings of the terminal afterwards', through.settingsBefore, through.settingsAfter);
  return differences;
}

function sorted(environment: Record<string, string>): [string, string][] {
  // the one thing of each run's own: where its files are
  return Object.entries(environment)
    .filter(([name]) => name !== 'PLAN' && name !== 'REPORT' && name !== 'PWD')
    .sort(([one], [other]) => (one < other ? -1 : 1));
}

function firstDifference(one: Buffer, other: Buffer): string {
  let at = 0;
  while (at < one.length && one[at] === other[at]) at++;
  const around = (bytes: Buffer): string =>
    JSON.stringify(bytes.subarray(Math.max(0, at - 20), at + 40).toString('latin1'));
  return `${one.length} and ${other.length} bytes; from byte ${at} on ${around(one)} directly, ${around(other)} through claudex`;
}
