/**
 * Keeps each session's badge rendered in a file, for the status line to print without asking anybody.
 * Files: `badges/<pid of claude>`, and `badges/<claude session_id>` for a status line that claude does not run itself (a person's own
 * script that runs ours): two sessions may have the same conversation, and then the pid alone tells them apart. First line this daemon's pid (the reader checks that it lives), second the badge.
 */
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Log } from '../../home/log.ts';
import { PacedWork } from './paced-work.ts';
import type { Session } from './session.ts';

/** Beyond so many peers their number is not told: else each session that comes or goes would change the badges of all others. */
const countedPeers = 99;

/** `[abc12345 · 3 peers · ✉2 · 1 stuck · ?2]`, or `[reviewer · …]` of a session with a name; what is 0 is left out. Pure. */
export function renderBadge(label: string, peers: number, unread: number, stuck = 0, questions = 0): string {
  const parts = [label];
  if (peers > countedPeers) parts.push(`${countedPeers}+ peers`);
  else if (peers > 0) parts.push(peers === 1 ? '1 peer' : `${peers} peers`);
  if (unread > 0) parts.push(`✉${unread}`);
  if (stuck > 0) parts.push(`${stuck} stuck`);
  if (questions > 0) parts.push(`?${questions}`);
  return `[${parts.join(' · ')}]`;
}

export interface BadgeSubject {
  /** The name that the person gave it, else its id. */
  label: string;
  pid: number;
  sessionId: string | null;
  pending: number;
  stuck: number;
  /** What claude asks there that is open. */
  questions?: number;
}

/** What a session's badge is made of. */
export function badgeOf(
  { id, alias, pid, claudeSessionId }: Session,
  counts: Pick<BadgeSubject, 'pending' | 'stuck' | 'questions'>,
): BadgeSubject {
  return { label: alias ?? id, pid, sessionId: claudeSessionId, ...counts };
}

export class Badges {
  readonly #dir: string;
  readonly #log: Log;
  readonly #written = new Map<string, string>();
  #sessions: () => readonly BadgeSubject[] = () => [];
  #closed = false;
  readonly #due = new PacedWork('badges', () => {
    if (this.#closed) return;
    try {
      this.update(this.#sessions());
    } catch (error) {
      this.#log('badges unwritable', { error: String(error) });
    }
  });

  /** Takes over the folder: what an earlier daemon left is removed. */
  constructor(dir: string, log: Log) {
    this.#dir = dir;
    this.#log = log;
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    for (const name of readdirSync(dir)) rmSync(join(dir, name), { force: true });
  }

  /** `sessions` is asked when it is time. */
  updateSoon(sessionCount: number, sessions: () => readonly BadgeSubject[]): void {
    this.#sessions = sessions;
    this.#due.dueSoon(sessionCount);
  }

  /** Nothing is rendered from now on; `remove` unless another daemon has the folder. */
  close({ remove }: { remove: boolean }): void {
    this.#closed = true;
    if (remove) this.update([]);
  }

  /** Writes what has changed, removes what has gone. Each file is replaced whole. */
  update(sessions: readonly BadgeSubject[]): void {
    const wanted = new Map<string, string>();
    for (const one of sessions) {
      const badge = renderBadge(one.label, sessions.length - 1, one.pending, one.stuck, one.questions);
      wanted.set(String(one.pid), badge);
      if (one.sessionId !== null && /^[0-9a-zA-Z-]+$/.test(one.sessionId)) wanted.set(one.sessionId, badge);
    }
    for (const [name, badge] of wanted) {
      if (this.#written.get(name) === badge) continue;
      const path = join(this.#dir, name);
      writeFileSync(`${path}.new`, `${process.pid}\n${badge}\n`, { mode: 0o600 });
      renameSync(`${path}.new`, path);
      this.#written.set(name, badge);
    }
    for (const name of this.#written.keys()) {
      if (wanted.has(name)) continue;
      rmSync(join(this.#dir, name), { force: true });
      this.#written.delete(name);
    }
  }
}
