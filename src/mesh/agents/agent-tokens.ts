/** What each session is called in a subject: by its name, made safe; the second one of a name has its id behind it. */
import type { SessionRecord } from '../../protocol/session.ts';

type Named = Pick<SessionRecord, 'id' | 'name' | 'alias' | 'startedAt'>;

const maxChars = 40;

/** The words of `name` that may stand in a subject: a-z, 0-9, "-" and "_". */
export function safeToken(name: string): string {
  const token = name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/\p{M}+/gu, '')
    .replace(/[^a-z0-9_-]+/g, '-')
    .slice(0, maxChars)
    .replace(/^-+|-+$/g, '');
  return token === '' ? 'session' : token;
}

/** A session keeps its token for as long as it keeps its name, whoever comes and goes beside it. */
export class AgentTokens {
  readonly #given = new Map<string, { base: string; token: string }>();

  /** @returns the token of each, by id */
  assign(sessions: readonly Named[]): Map<string, string> {
    const bases = new Map(sessions.map(({ id, alias, name }) => [id, safeToken(alias ?? name)]));
    for (const [id, { base }] of this.#given) if (bases.get(id) !== base) this.#given.delete(id);
    const taken = new Set([...this.#given.values()].map(({ token }) => token));
    const inOrder = [...sessions].sort((a, b) => a.startedAt.localeCompare(b.startedAt) || a.id.localeCompare(b.id));
    for (const { id } of inOrder) {
      if (this.#given.has(id)) continue;
      const base = bases.get(id)!;
      // an id is every session's second name
      const token = taken.has(base) || (bases.has(base) && base !== id) ? `${base}-${safeToken(id)}` : base;
      this.#given.set(id, { base, token });
      taken.add(token);
    }
    return new Map(sessions.map(({ id }) => [id, this.#given.get(id)!.token]));
  }
}
