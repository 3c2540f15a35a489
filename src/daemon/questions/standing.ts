/** Is a request's dialog still open, by what claude's session file says? Pure. */

export interface SeenState {
  isWaiting: boolean;
  /** When that state began, by claude's word; null where claude writes no file. */
  since: number | null;
}

/** What is known of a request's dialog. */
export interface DialogSight {
  askedAt: number;
  /** The waiting of the session in which it was seen; null while none has been seen. */
  waitingSince: number | null;
  /** A subagent asks: its session's own turn goes on beside it, or ends. */
  isAgents: boolean;
}

export type Standing =
  | { is: 'open'; waitingSince: number | null }
  /** The dialog has been answered or has gone. */
  | { is: 'over' }
  /** Over, unless its dialog shows itself until so many milliseconds from now. */
  | { is: 'over-soon'; inMs: number };

/** Claude starts the hook and shows the dialog side by side: the dialog may be dated a moment before its request. */
const marginMs = 100;
/** So long may the word of a turn that goes on come late, after the next request was asked. */
const lateWordMs = 1500;
/** A background agent's dialog comes when its hooks have ended; what its session does meanwhile says nothing of it. */
const agentsDialogWithinMs = 30_000;

/**
 * A session that has left the waiting that began with a request has had it answered. One that does not wait, but says so later than the
 * request was asked, either never let the dialog be seen, or is slow to tell that the dialog before it was answered.
 */
export function standingOf(sight: DialogSight, state: SeenState, now: number): Standing {
  const { askedAt, waitingSince, isAgents } = sight;
  const isOwn = waitingSince !== null && waitingSince >= askedAt - marginMs;
  if (state.since === null) {
    if (state.isWaiting) return { is: 'open', waitingSince: waitingSince ?? askedAt };
    return waitingSince === null ? { is: 'open', waitingSince } : { is: 'over' };
  }
  if (state.isWaiting) {
    // claude keeps the date while one dialog follows another; a new one means that the turn has gone on in between
    return isOwn && state.since !== waitingSince ? { is: 'over' } : { is: 'open', waitingSince: state.since };
  }
  if (isOwn && state.since >= waitingSince) return { is: 'over' };
  if (state.since <= askedAt) return { is: 'open', waitingSince };
  const inMs = state.since + (isAgents ? agentsDialogWithinMs : lateWordMs) - now;
  return inMs <= 0 ? { is: 'over' } : { is: 'over-soon', inMs };
}
