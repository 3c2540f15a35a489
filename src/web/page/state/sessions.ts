/** Every session that there is, kept true by events. */
import { computed, signal } from '@preact/signals';
import type { Session } from '../api-types.ts';
import { openQuestions } from './questions.ts';

const all = signal<ReadonlyMap<string, Session>>(new Map());

/** Null until the first list has come. */
export const loaded = signal(false);
export const filter = signal('');

export function setSessions(list: readonly Session[]): void {
  all.value = new Map(list.map((one) => [one.id, one]));
  loaded.value = true;
}

/** News of one session. One that is gone for good is taken off the list. */
export function tookSession(news: Partial<Session> & { id: string }): void {
  const next = new Map(all.value);
  const known = next.get(news.id);
  const session = { managed: null, viewers: 0, ...known, ...news } as Session;
  if (session.state === 'gone' && session.managed === null) next.delete(news.id);
  else next.set(news.id, session);
  all.value = next;
}

export function removeSession(id: string): void {
  const next = new Map(all.value);
  next.delete(id);
  all.value = next;
}

export function sessionOf(id: string): Session | undefined {
  return all.value.get(id);
}

/** The session that has that conversation of claude's open, or had it last. */
export function sessionWith(sessionId: string): Session | undefined {
  return [...all.value.values()].find((one) => one.sessionId === sessionId);
}

export function displayName(session: Pick<Session, 'alias' | 'name' | 'claudeName'>): string {
  return session.alias ?? session.claudeName ?? session.name;
}

export type Group = 'waiting' | 'running' | 'asleep';

export const groupNames: Record<Group, string> = { waiting: 'Needs you', running: 'Running', asleep: 'Not running' };

export function isRunning({ state }: Session): boolean {
  return state === 'starting' || state === 'idle' || state === 'busy' || state === 'waiting' || state === 'running';
}

/** A claude whose screen can be looked at. */
export function hasTerminal(session: Session): boolean {
  return isRunning(session) && (session.managed !== null || session.supervised);
}

const orderOf: Record<string, number> = {
  waiting: 0,
  busy: 1,
  starting: 2,
  running: 3,
  idle: 3,
  crashed: 4,
  sleeping: 5,
};

/** The list as it is shown: those that need somebody first; inside a group by name, so that rows stay where they are. */
export const groups = computed<{ group: Group; sessions: Session[] }[]>(() => {
  const asking = new Set(openQuestions.value.map((one) => one.session));
  const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
  const of: Record<Group, Session[]> = { waiting: [], running: [], asleep: [] };
  for (const session of all.value.values()) {
    const text = `${displayName(session)} ${session.name} ${session.cwd} ${session.state}`.toLowerCase();
    if (!words.every((word) => text.includes(word))) continue;
    const needs =
      asking.has(session.id) || session.state === 'waiting' || session.state === 'crashed' || session.stuck > 0;
    of[needs ? 'waiting' : isRunning(session) ? 'running' : 'asleep'].push(session);
  }
  return (['waiting', 'running', 'asleep'] as const)
    .map((group) => ({ group, sessions: of[group].sort(byNameThenPlace) }))
    .filter(({ sessions }) => sessions.length > 0);
});

function byNameThenPlace(a: Session, b: Session): number {
  const order = (orderOf[a.state] ?? 6) - (orderOf[b.state] ?? 6);
  if (order !== 0 && (a.state === 'waiting' || b.state === 'waiting')) return order;
  return displayName(a).localeCompare(displayName(b)) || a.cwd.localeCompare(b.cwd) || a.id.localeCompare(b.id);
}

export const shownSessions = computed(() => groups.value.flatMap(({ sessions }) => sessions));
export const runningSessions = computed(() => [...all.value.values()].filter(hasTerminal).sort(byNameThenPlace));
export const knownFolders = computed(() => [...new Set([...all.value.values()].map(({ cwd }) => cwd))].sort());
