/** Text for people: tables, times, colours only where they are wanted. */
import { Chalk, type ChalkInstance } from 'chalk';
import { userHome } from '../../home/paths.ts';
import type { MachineSession } from '../../mesh/remote-sessions.ts';
import { oneLine, printable } from '../../protocol/sanitise.ts';
import type { SessionRecord } from '../../protocol/session.ts';
import { cellsOf } from '../../terminal/cell-width.ts';

/** Colours on a terminal, never with NO_COLOR (no-color.org) or on a dumb one. */
export function colours(stream: { isTTY?: boolean }, env: NodeJS.ProcessEnv = process.env): ChalkInstance {
  const wanted = stream.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb';
  return new Chalk({ level: wanted ? 1 : 0 });
}

/** Columns padded to the widest cell, each row one line; widths are taken before `paint` adds colour. */
export function table(
  header: string[],
  rows: string[][],
  paint: (cell: string, column: number, row: number) => string,
): string {
  const all = [header, ...rows.map((row) => row.map(oneLine))];
  const widths = header.map((_, column) => Math.max(...all.map((row) => cellsOf(row[column] ?? ''))));
  const line = (row: string[], index: number): string =>
    row
      .map(
        (cell, column) =>
          paint(cell, column, index) + ' '.repeat(column === row.length - 1 ? 0 : widths[column]! - cellsOf(cell)),
      )
      .join('  ')
      .trimEnd();
  return all.map((row, index) => line(row, index - 1)).join('\n');
}

/** Words in lines of at most `columns`, each behind `indent`; a word that is longer has a line of its own. */
export function wrapped(text: string, columns: number, indent: string): string {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && cellsOf(last) + 1 + cellsOf(word) <= columns) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(indent + word);
  }
  return lines.join('\n');
}

/** What claude has answered: as it is for a program that reads it, harmless on a terminal. */
export function forTerminal(text: string, stream: { isTTY?: boolean } = process.stdout): string {
  return stream.isTTY === true ? printable(text) : text;
}

/** `12s`, `5m`, `3h`, `2d`. */
export function age(fromIso: string, now: number = Date.now()): string {
  const seconds = Math.max(0, Math.round((now - Date.parse(fromIso)) / 1000));
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)}h`;
  return `${Math.floor(seconds / 86400)}d`;
}

/** `path` for a terminal, in one line, with `~` for the home folder: a folder's name may hold anything. */
export function shortPath(path: string, home: string = userHome()): string {
  return oneLine(path === home ? '~' : path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path);
}

export function stateText(session: Pick<SessionRecord, 'state' | 'waitingFor'>): string {
  return session.waitingFor ? `${session.state}: ${session.waitingFor}` : session.state;
}

/** One row: a session of this machine (perhaps a managed one), or of another. */
type ListedSession = (SessionRecord & { managed?: unknown; machine?: undefined }) | MachineSession;

/** Whose the terminal of a session is: a host's, that of a `claudex`, nobody's of ours. */
function runBy(session: ListedSession): string {
  if (session.machine === undefined && session.managed) return 'host';
  return session.supervised ? 'claudex' : 'bare';
}

/** This machine's sessions first, then those of each other one: `name@machine`. */
export function sessionTable(sessions: readonly ListedSession[], chalk: ChalkInstance, now?: number): string {
  if (sessions.length === 0) return 'No live sessions. Start one with `claudex` (or `claude`) in a project folder.';
  const rows = [...sessions]
    .sort(
      (a, b) =>
        (a.machine ?? '').localeCompare(b.machine ?? '') ||
        a.cwd.localeCompare(b.cwd) ||
        a.startedAt.localeCompare(b.startedAt),
    )
    .map((one) => [
      one.id,
      `${one.alias ?? one.claudeName ?? one.name}${one.machine === undefined ? '' : `@${one.machine}`}`,
      // another machine's home folder is not this one's
      one.machine === undefined ? shortPath(one.cwd) : one.cwd,
      one.machine !== undefined && one.away ? `away (${stateText(one)})` : stateText(one),
      one.kind === 'background' ? 'background' : runBy(one),
      one.stuck > 0 ? `${one.pending} (${one.stuck} stuck)` : String(one.pending),
      age(one.startedAt, now),
    ]);
  return table(['ID', 'NAME', 'FOLDER', 'STATE', 'RUN BY', 'PENDING', 'AGE'], rows, (cell, column, row) => {
    if (row === -1) return chalk.bold(cell);
    if (column === 0) return chalk.cyan(cell);
    if (column === 3)
      return cell.startsWith('idle')
        ? chalk.green(cell)
        : cell.startsWith('waiting')
          ? chalk.red(cell)
          : chalk.yellow(cell);
    return cell;
  });
}
