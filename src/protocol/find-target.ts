/** From what a sender types (id, given name, claude's name, folder basename, path) to the one live session meant. Pure. */
import { basename } from 'node:path';
import { ClaudexError } from '../errors/claudex-error.ts';

interface Candidate {
  id: string;
  name: string;
  cwd: string;
  /** From `claudex name`: goes before everything but an id. */
  alias?: string | null;
  /** Claude's own name of the session. */
  claudeName?: string | null;
}

/**
 * @throws ClaudexError NO_SUCH_SESSION (lists who is live) or AMBIGUOUS_TARGET (lists ids and paths)
 */
export function findTarget<T extends Candidate>(target: string, live: readonly T[]): T {
  const byId = live.filter((one) => one.id === target);
  const wanted = folded(target);
  const path = target.length > 1 ? target.replace(/\/+$/, '') : target;
  const first = byId.length > 0 ? byId : live.filter((one) => one.alias && folded(one.alias) === wanted);
  // no name is a name: what a shell makes of an unset variable means nobody
  const names = (one: T): string[] => [one.name, basename(one.cwd), one.claudeName ?? ''].filter((name) => name !== '');
  const matches =
    first.length > 0
      ? first
      : target.startsWith('/')
        ? live.filter((one) => one.cwd === path || one.cwd.normalize() === path.normalize())
        : live.filter((one) => names(one).some((name) => folded(name) === wanted));
  if (matches.length === 1) return matches[0]!;
  if (matches.length > 1) {
    throw new ClaudexError('AMBIGUOUS_TARGET', `"${target}" could be: ${describe(matches)}.`);
  }
  throw new ClaudexError(
    'NO_SUCH_SESSION',
    live.length === 0 ? `Asked for "${target}"; nobody is live.` : `Asked for "${target}"; live: ${describe(live)}.`,
  );
}

/** Is that its id, or the name that somebody has given it? Goes before everything else that it may be called by. */
export function isCalled(target: string, { id, alias }: Pick<Candidate, 'id' | 'alias'>): boolean {
  return id === target || (alias ? folded(alias) === folded(target) : false);
}

/** Upper and lower case are the same, and so are the ways to write one letter: `é`, and `e` with an accent (as macOS has it). */
function folded(name: string): string {
  return name.normalize().toLowerCase();
}

function describe(sessions: readonly Candidate[]): string {
  return sessions.map((one) => `${one.id} (${one.alias ? `${one.alias}, ` : ''}${one.cwd})`).join(', ');
}
