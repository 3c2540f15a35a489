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
  const wanted = target.toLowerCase();
  const path = target.length > 1 ? target.replace(/\/+$/, '') : target;
  const first = byId.length > 0 ? byId : live.filter((one) => one.alias?.toLowerCase() === wanted);
  // no name is a name: what a shell makes of an unset variable means nobody
  const names = (one: T): string[] => [one.name, basename(one.cwd), one.claudeName ?? ''].filter((name) => name !== '');
  const matches =
    first.length > 0
      ? first
      : target.startsWith('/')
        ? live.filter((one) => one.cwd === path)
        : live.filter((one) => names(one).some((name) => name.toLowerCase() === wanted));
  if (matches.length === 1) return matches[0]!;
  if (matches.length > 1) {
    throw new ClaudexError('AMBIGUOUS_TARGET', `"${target}" could be: ${describe(matches)}.`);
  }
  throw new ClaudexError(
    'NO_SUCH_SESSION',
    live.length === 0 ? `Asked for "${target}"; nobody is live.` : `Asked for "${target}"; live: ${describe(live)}.`,
  );
}

function describe(sessions: readonly Candidate[]): string {
  return sessions.map((one) => `${one.id} (${one.cwd})`).join(', ');
}
