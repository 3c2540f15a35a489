/**
 * Names that people give sessions (`claudex name`). A name stays with its session through /clear and restarts of the daemon,
 * comes back when its conversation is resumed, and still finds the conversation after its end. Unique among live sessions;
 * an ended one gives its name up to whoever is called so next.
 */
import { dirname } from 'node:path';
import { ClaudexError } from '../../errors/claudex-error.ts';
import { readKeptList } from '../../home/kept-list.ts';
import { asHomeError } from '../../home/private-folder.ts';
import { replaceFile } from '../../home/replace-file.ts';
import type { SessionName } from '../../protocol/session.ts';
import { checkSessionName } from '../../protocol/session-name.ts';
import type { Session } from './session.ts';
import type { SessionTable } from './session-table.ts';

/** Names of ended sessions beyond this are forgotten, the oldest first. */
const maxNames = 500;

export class Names {
  readonly #path: string;
  readonly #table: SessionTable;
  /** The newest last. */
  #names: SessionName[];

  constructor(path: string, table: SessionTable) {
    this.#path = path;
    this.#table = table;
    this.#names = readKeptList(path, 'names', parseName);
  }

  all(): SessionName[] {
    return this.#names;
  }

  /** Call when a session is new or has changed: gives it its name, and follows it into its next conversation. */
  apply(session: Session): void {
    const own = this.#names.find((one) => one.id === session.id) ?? this.#resumed(session);
    session.named(own?.alias ?? null);
    if (!own || (own.id === session.id && own.sessionId === (session.claudeSessionId ?? own.sessionId))) return;
    own.id = session.id;
    own.sessionId = session.claudeSessionId ?? own.sessionId;
    try {
      this.#write(this.#names);
    } catch {
      // a full disk: after a restart of the daemon the name finds the conversation before this one
    }
  }

  /**
   * Names a session; null takes its name away.
   * @throws ClaudexError BAD_NAME, NAME_TAKEN, HOME_UNWRITABLE; then nothing has changed
   */
  set(session: Session, alias: string | null): void {
    if (alias !== null) this.#check(session, alias);
    const isKept = (one: SessionName): boolean =>
      one.id !== session.id && one.alias.toLowerCase() !== alias?.toLowerCase();
    const names = this.#names.filter(isKept).slice(-maxNames + 1);
    if (alias !== null) names.push({ alias, id: session.id, sessionId: session.claudeSessionId, cwd: session.cwd });
    try {
      this.#write(names);
    } catch (error) {
      throw asHomeError(error, dirname(this.#path));
    }
    this.#names = names;
    session.named(alias);
  }

  #check(session: Session, alias: string): void {
    checkSessionName(alias);
    const wanted = alias.toLowerCase();
    const holder = this.#table
      .all()
      .find((one) => one !== session && (one.id === wanted || one.alias?.toLowerCase() === wanted));
    if (holder) throw new ClaudexError('NAME_TAKEN', `${alias} is ${holder.id} (${holder.cwd}).`);
  }

  #resumed(session: Session): SessionName | undefined {
    if (session.claudeSessionId === null) return undefined;
    return this.#names.findLast((one) => one.sessionId === session.claudeSessionId && !this.#table.byId(one.id));
  }

  #write(names: readonly SessionName[]): void {
    replaceFile(this.#path, JSON.stringify({ version: 1, names }), { mode: 0o600 });
  }
}

function parseName(value: unknown): SessionName | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { alias, id, sessionId, cwd } = value as Record<string, unknown>;
  const isWhole =
    [alias, id, cwd].every((one) => typeof one === 'string') && (sessionId === null || typeof sessionId === 'string');
  return isWhole ? (value as SessionName) : undefined;
}
