/** What `notify.command` is told: which event, of which session, and in one line what has happened. Never a message. */
import { basename } from 'node:path';
import type { ManagedSession } from '../protocol/managed.ts';
import type { Question } from '../protocol/question.ts';
import { oneLine } from '../protocol/sanitise.ts';
import { visibleLine } from '../protocol/visible-text.ts';
import type { NotifyEvent } from './notify-command.ts';
import type { Session } from './sessions/session.ts';
import { nameOf, waitingForOf } from './sessions/session-record.ts';

/** A task waits until a person does something in that session. */
export function taskWaitsEvent(session: Session, reason: string): NotifyEvent {
  const name = oneLine(session.alias ?? nameOf(session));
  const waitingFor = waitingForOf(session);
  const what =
    waitingFor === null ? `a task waits for ${reason}` : `it waits for: ${waitingFor}; a task is queued behind it`;
  return {
    event: 'task-waits',
    text: `${name}: ${oneLine(what)}`,
    session: { id: session.id, name, cwd: session.cwd },
    waitingFor,
    reason,
  };
}

/** A managed session has ended by itself and is not started again. */
export function crashedEvent({ id, name, cwd, exit }: ManagedSession): NotifyEvent {
  const shown = oneLine(name ?? basename(cwd));
  const reason = exit?.reason ?? 'it ended by itself';
  return {
    event: 'crashed',
    text: `${shown} has crashed: ${oneLine(reason)}`,
    session: { id, name: shown, cwd },
    reason,
    exit: exit && { code: exit.code, signal: exit.signal },
  };
}

/** Claude asks something that only a person may answer, or somebody has; what it would run is for the person's own program. */
export function questionEvent(question: Question): NotifyEvent {
  const { id, kind, tool, session, name, cwd, state, decision, by, via, reason, shown, choices } = question;
  const asked = visibleLine((kind === 'question' ? choices[0]?.question : shown.split('\n')[0]) ?? '').slice(0, 200);
  const who = { id: session, name: oneLine(name), cwd };
  const about = { id, kind, tool };
  if (state === 'open') {
    const text = `${oneLine(name)} asks: ${visibleLine(tool)}${asked === '' ? '' : `: ${asked}`}`;
    return { event: 'question', text, session: who, question: { ...about, asked } };
  }
  const given = kind === 'question' || decision === null ? 'answered' : decision === 'allow' ? 'approved' : 'denied';
  const how = state === 'withdrawn' ? `withdrawn${reason === null ? '' : `: ${reason}`}` : given;
  return {
    event: 'answered',
    text: oneLine(`${name}: ${visibleLine(tool)} ${how}${by === null ? '' : ` by ${by}`}`),
    session: who,
    question: { ...about, state, decision, by, via, reason },
  };
}

/** Tells of each crash once: a record is written more often than it changes its state. */
export function crashesOf(tell: (event: NotifyEvent) => void): (one: ManagedSession | undefined) => void {
  const told = new Map<string, number>();
  return (one) => {
    if (!one) return;
    if (one.state !== 'crashed') told.delete(one.id);
    else if (told.get(one.id) !== one.since) {
      told.set(one.id, one.since);
      tell(crashedEvent(one));
    }
  };
}
