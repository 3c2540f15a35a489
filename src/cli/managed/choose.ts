/** A choice among a few, by number, on a terminal. */
import { createInterface } from 'node:readline/promises';
import { isatty } from 'node:tty';

/** The one that is chosen; undefined where nobody can be asked, or nothing of the list was said. */
export async function choose<T>(all: readonly T[], describe: (one: T) => string): Promise<T | undefined> {
  if (!isatty(0) || !isatty(2)) return undefined;
  const lines = all.map((one, index) => `${String(index + 1).padStart(3)}  ${describe(one)}\n`);
  process.stderr.write(lines.join(''));
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  // Ctrl-C is Ctrl-C, Ctrl-D is nobody
  asking.once('SIGINT', () => process.exit(130));
  const said = await Promise.race([
    asking.question(`Which (1-${all.length})? `),
    new Promise<string>((resolve) => asking.once('close', () => resolve(''))),
  ]);
  asking.close();
  return /^\s*\d+\s*$/.test(said) ? all[Number(said) - 1] : undefined;
}
