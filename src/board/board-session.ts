/** One row of the board: what is known of a session, in words that are safe to show. Pure. */
import { basename } from 'node:path';
import type { ManagedRecord } from '../protocol/managed.ts';

import type { SessionRecord } from '../protocol/session.ts';
import type { BoardQuestion } from './question-source.ts';
import { safeLine } from './safe-text.ts';

export type BoardState = SessionRecord['state'] | ManagedRecord['state'];

export interface BoardSession {
  id: string;
  name: string;
  /** With `~` for the home folder. */
  folder: string;
  state: BoardState;
  /** What it waits for, or why it does not run, in words. */
  why: string;
  runBy: 'host' | 'claudex' | 'bare' | 'background';
  isManaged: boolean;
  /** It has a process. */
  isUp: boolean;
  pending: number;
  stuck: number;
  /** When something last came from it, milliseconds since the epoch. */
  activeAt: number;
  transcriptPath: string | null;
  /** What claude last said, or does, in one line. */
  said: string;
  /** The oldest question that it waits with. */
  question: BoardQuestion | undefined;
  /** How many there are. */
  questions: number;
}

/** What is not in the daemon's records. */
export interface Beside {
  said: string;
  questions: readonly BoardQuestion[];
  /** The person's home folder. */
  home: string;
}

/** A session that runs, with its record when it is managed. */
export function boardSession(one: SessionRecord, managed: ManagedRecord | undefined, beside: Beside): BoardSession {
  return {
    id: one.id,
    name: safeLine(one.alias ?? managed?.name ?? one.claudeName ?? one.name),
    folder: tilde(one.cwd, beside.home),
    state: one.state,
    why: safeLine(one.waitingFor ?? ''),
    runBy: managed ? 'host' : one.kind === 'background' ? 'background' : one.supervised ? 'claudex' : 'bare',
    isManaged: managed !== undefined,
    isUp: true,
    pending: one.pending,
    stuck: one.stuck,
    activeAt: Date.parse(one.lastActiveAt),
    transcriptPath: one.transcriptPath,
    said: beside.said,
    question: beside.questions[0],
    questions: beside.questions.length,
  };
}

/** A managed session without a process of claude. */
export function absentSession(one: ManagedRecord, { home }: Pick<Beside, 'home'>): BoardSession {
  return {
    id: one.id,
    name: safeLine(one.name ?? (basename(one.cwd) || '/')),
    folder: tilde(one.cwd, home),
    state: one.state,
    why: safeLine(one.state === 'crashed' || one.state === 'ended' ? (one.exit?.reason ?? '') : ''),
    runBy: 'host',
    isManaged: true,
    isUp: one.state === 'starting' || one.state === 'running',
    pending: 0,
    stuck: 0,
    activeAt: Date.parse(one.since),
    transcriptPath: null,
    said: '',
    question: undefined,
    questions: 0,
  };
}

/** Its screen can be looked at: a host has it, or a `claudex` that takes viewers. */
export function hasScreen({ isUp, runBy }: BoardSession): boolean {
  return isUp && (runBy === 'host' || runBy === 'claudex');
}

/** Who waits for the person comes first, who is gone comes last; among themselves they stay where they are. */
export function inOrder(sessions: readonly BoardSession[]): BoardSession[] {
  return [...sessions].sort(
    (a, b) =>
      rank(a) - rank(b) || a.folder.localeCompare(b.folder) || a.name.localeCompare(b.name) || (a.id < b.id ? -1 : 1),
  );
}

/** Those in which every word of the filter stands somewhere. */
export function matching(sessions: readonly BoardSession[], filter: string): BoardSession[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return [...sessions];
  return sessions.filter((one) => {
    const text = [one.id, one.name, one.folder, one.state, one.runBy, one.why, one.said, one.question?.summary ?? '']
      .join(' ')
      .toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

function rank({ state, isUp, question }: BoardSession): number {
  if (state === 'waiting' || question) return 0;
  return isUp ? 1 : 2;
}

function tilde(path: string, home: string): string {
  return safeLine(path === home ? '~' : path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path);
}
