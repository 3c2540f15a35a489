/** The sessions as they are written down, for the daemon that comes after this one: `sessions.json`. */
import { readKeptList } from '../../home/kept-list.ts';
import { replaceFile } from '../../home/replace-file.ts';
import { PacedWork } from './paced-work.ts';
import { type PersistedSession, parsePersisted, persistedOf } from './persisted-session.ts';
import type { Session } from './session.ts';
import type { SessionTable } from './session-table.ts';

export class SessionsFile {
  readonly #path: string;
  readonly #table: SessionTable;
  /** The JSON that was last made of each. */
  #texts = new WeakMap<Session, string>();
  readonly #whole = new PacedWork('sessions file', () => this.#writeAll());

  constructor(path: string, table: SessionTable) {
    this.#path = path;
    this.#table = table;
  }

  /** What the last daemon wrote. A file that is damaged holds none: sessions come back through claude's files, with new ids. */
  read(): PersistedSession[] {
    return readKeptList(this.#path, 'sessions', parsePersisted);
  }

  /** At once, for a session that is new or is another process: its id must outlive this daemon. The others stand there as last written. */
  writeNow(session: Session): void {
    this.#texts.delete(session);
    this.#write();
  }

  /** Something about a session has changed, or it has gone: all are written anew, soon. */
  writeSoon(): void {
    this.#whole.dueSoon(this.#table.size);
  }

  /** Writes what is still due. */
  close(): void {
    if (this.#whole.cancel()) this.#writeAll();
  }

  #writeAll(): void {
    this.#texts = new WeakMap();
    this.#write();
  }

  #write(): void {
    const sessions = this.#table.all().map((session) => this.#textOf(session));
    const text = `{"version":1,"sessions":[${sessions.join(',')}]}`;
    try {
      replaceFile(this.#path, text, { mode: 0o600, flush: false });
    } catch {
      // a full disk: ids would change at the next restart of the daemon, nothing else
    }
  }

  #textOf(session: Session): string {
    let text = this.#texts.get(session);
    if (text === undefined) {
      text = JSON.stringify(persistedOf(session));
      this.#texts.set(session, text);
    }
    return text;
  }
}
