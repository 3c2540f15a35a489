/** What `notify.command` is told: which event, of which session, and in one line what has happened. Never a message. */
import { basename } from 'node:path';
import type { ManagedSession } from '../protocol/managed.ts';
import { oneLine } from '../protocol/sanitise.ts';
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
