/** What becomes of a managed session: pure decisions. The table is in docs/managed.md. */
import type { ManagedSession, ManagedState } from '../../protocol/managed.ts';

/** At most so many starts after crashes within `crashWindowMs`; before each a longer pause. */
const crashPausesMs = [1000, 5000, 20_000];
export const crashWindowMs = 5 * 60_000;
/** An end so soon after a resume, or after a start that claude has refused, is no crash that another try would mend. */
const startMustLastMs = 10_000;

/** Ends that somebody has asked claude for: hang-up, interrupt, quit, termination; as signals and as a shell's exit codes. */
const askedSignals = [1, 2, 3, 15];

export interface ClaudeEnd {
  /** Null: not known (the host was killed together with it). */
  code: number | null;
  signal: number | null;
  /** How long it has run. */
  ranMs: number;
  wasResume: boolean;
  /** The last lines of its screen, where they are known: claude says there what is wrong with its arguments. */
  lastWords: string;
  /** What it asked at its start when it ended, where it did. */
  leftAt?: string | null;
}

export interface NextState {
  state: ManagedState;
  reason: string;
  /** With `starting`: how long until then. */
  startInMs?: number;
}

/** What follows on claude's end. `now`: milliseconds since the epoch. */
export function afterEnd(
  session: Pick<ManagedSession, 'asked' | 'restart' | 'restarts'>,
  end: ClaudeEnd,
  now: number,
): NextState {
  const how = describeEnd(end);
  if (session.asked === 'sleep') return { state: 'sleeping', reason: 'nobody needed it' };
  if (session.asked === 'stop') return { state: 'stopped', reason: 'stopped by claudex stop' };
  if (session.asked === 'restart') return { state: 'starting', reason: 'restarted by claudex restart', startInMs: 0 };
  if (end.code === 0) return { state: 'ended', reason: 'claude was left (/exit)' };
  const signal = end.signal ?? (end.code !== null && end.code > 128 ? end.code - 128 : 0);
  if (askedSignals.includes(signal)) return { state: 'ended', reason: how };
  // the answer that refuses ends claude with exit code 1 (facts: docs/claude-facts.md#start-questions)
  if (end.code !== null && end.leftAt)
    return { state: 'ended', reason: `claude was left when it asked: ${end.leftAt}` };
  if (end.code !== null && end.ranMs < startMustLastMs) {
    if (end.wasResume) return { state: 'crashed', reason: `${why(end.lastWords)} (${how} right after it was resumed)` };
    // the same arguments would be refused the next time
    const refusal = refusalIn(end.lastWords);
    if (refusal !== undefined) return { state: 'crashed', reason: refusal };
  }
  return afterCrash(session, how, now);
}

/** What follows on a start that has failed, and that nobody waits for: our package may be away for a moment. */
export function afterFailedStart(session: Parameters<typeof afterCrash>[0], said: string, now: number): NextState {
  return afterCrash(session, `it could not be started: ${said}`, now);
}

function afterCrash(
  { restart, restarts }: Pick<ManagedSession, 'restart' | 'restarts'>,
  how: string,
  now: number,
): NextState {
  if (restart === 'never') return { state: 'crashed', reason: how };
  const recent = restarts.filter((at) => now - at < crashWindowMs && at <= now).length;
  const startInMs = crashPausesMs[recent];
  if (startInMs === undefined) return { state: 'crashed', reason: `${how}, the ${recent + 1}th time within 5 minutes` };
  return { state: 'starting', reason: `${how}; started again`, startInMs };
}

/**
 * What follows on an end that no daemon has seen. Then it was most likely the system that went down: what it ends by a signal, or together with its
 * host, comes back, whatever `restart` says, and counts as no crash.
 */
export function afterAbsence(session: Parameters<typeof afterEnd>[0], end: ClaudeEnd, now: number): NextState {
  if (session.asked !== null || !isBySystem(end)) return afterEnd(session, end, now);
  return { state: 'starting', reason: `${describeEnd(end)} while no daemon ran; started again`, startInMs: 0 };
}

/** Nobody but the system ends so many at once: by a signal that asks, or by one that does not, their hosts with them. */
export function isBySystem({ code, signal }: Pick<ClaudeEnd, 'code' | 'signal'>): boolean {
  if (code === null && signal === null) return true;
  const number = signal ?? code! - 128;
  return number === 9 || askedSignals.includes(number);
}

function describeEnd({ code, signal }: ClaudeEnd): string {
  if (signal) return `claude died of signal ${signal}`;
  if (code === null) return 'claude or its host was killed';
  return `claude ended with exit code ${code}`;
}

/** What claude says at once of a conversation that cannot be resumed (facts: docs/claude-facts.md). */
function why(lastWords: string): string {
  if (/No conversation found/i.test(lastWords)) return 'the conversation is gone';
  if (/already in use/i.test(lastWords)) return 'the conversation is open elsewhere';
  return refusalIn(lastWords) ?? 'it could not be resumed';
}

/** What claude says of arguments that it does not take, before it ends at once (facts: docs/claude-facts.md#command-line). */
function refusalIn(lastWords: string): string | undefined {
  const said = /^\s*error: (.*\S)/im.exec(lastWords)?.[1];
  return said === undefined ? undefined : `claude does not take its arguments: ${said}`;
}

export interface IdleView {
  state: 'starting' | 'idle' | 'busy' | 'waiting' | 'gone' | string;
  /** Messages that wait for it. */
  pending: number;
  viewers: number;
  /** Unsent text may stand in its prompt box. */
  maybeDraft: boolean;
  /** Background tasks or scheduled prompts of claude's. */
  background: boolean;
}

/** Idle in every sense: no turn, no background task or cron of claude's, no question, nothing unsent, no viewer, no message. */
export function isIdle(view: IdleView): boolean {
  return view.state === 'idle' && view.pending === 0 && view.viewers === 0 && !view.maybeDraft && !view.background;
}

/** Who goes to sleep so that another may run: the one that has been idle longest; undefined where all are needed. */
export function whoMakesRoom(
  sessions: ReadonlyArray<{ id: string; keepWarm: boolean; idleForMs: number | null }>,
): string | undefined {
  return sessions
    .filter((one) => !one.keepWarm && one.idleForMs !== null)
    .sort((a, b) => b.idleForMs! - a.idleForMs!)
    .at(0)?.id;
}
