/** What `claudex up` has to do for the sessions of a file, and doing it. What runs is left as it is. */
import { conversationChoice } from '../../claude/command-line/conversation-arguments.ts';
import { environmentForClaude } from '../../claude/environment.ts';
import type { DaemonClient } from '../../daemon-client/client.ts';
import type { ManagedRecord, Schedule } from '../../protocol/managed.ts';
import { giveTask } from '../managed/give-task.ts';
import { isUp } from '../managed/managed-target.ts';
import { parseDuration } from '../text/durations.ts';
import type { DeclaredSession } from './sessions-schema.ts';

/** `start`: it has never been there. `resume`: it does not run. `runs`: it does, or sleeps until it is needed. */
export type UpAction = 'start' | 'resume' | 'runs';

export interface UpStep {
  declared: DeclaredSession;
  action: UpAction;
  /** Undefined before it has been started. */
  record: ManagedRecord | undefined;
  /** Its schedule is not the one of the file yet. */
  setsSchedule: boolean;
}

/** What there is to do, in the order of the file. */
export function planUp(declared: readonly DeclaredSession[], managed: readonly ManagedRecord[]): UpStep[] {
  return declared.map((one) => {
    const record = managed.find((other) => isSame(one, other));
    const action = record === undefined ? 'start' : isUp(record) || record.state === 'sleeping' ? 'runs' : 'resume';
    const setsSchedule = record !== undefined && !isSameSchedule(one.schedule, record.schedule);
    return { declared: one, action, record, setsSchedule };
  });
}

export function isSame(declared: Pick<DeclaredSession, 'name' | 'folder'>, record: ManagedRecord): boolean {
  return record.cwd === declared.folder && record.name?.toLowerCase() === declared.name.toLowerCase();
}

/** @throws ClaudexError those of a start or a resume */
export async function bringUp(
  client: DaemonClient,
  { declared, action, record, setsSchedule }: UpStep,
): Promise<ManagedRecord> {
  const schedule = scheduleOf(declared);
  if (record === undefined) return startDeclared(client, declared, schedule);
  if (setsSchedule) await client.scheduleManaged(record.id, schedule);
  return action === 'resume' ? client.changeManaged(record.id, 'resume') : record;
}

async function startDeclared(
  client: DaemonClient,
  declared: DeclaredSession,
  schedule: Schedule | null,
): Promise<ManagedRecord> {
  const { name, folder, args, env, keepWarm, idleTimeout, restart, task } = declared;
  const record = await client.startManaged({
    name,
    cwd: folder,
    args,
    env: { ...environmentForClaude(process.env), ...env },
    claudeSessionId: conversationChoice(args).id,
    keepWarm,
    restart,
    schedule,
    ...(idleTimeout !== undefined && { idleTimeoutMs: parseDuration(idleTimeout) }),
  });
  if (task !== undefined) await giveTask(client, record.id, task);
  return record;
}

function scheduleOf({ schedule }: DeclaredSession): Schedule | null {
  if (!schedule) return null;
  const { timeZone, ...rest } = schedule;
  return { ...rest, ...(timeZone !== undefined && { timeZone }) };
}

function isSameSchedule(declared: DeclaredSession['schedule'], kept: ManagedRecord['schedule']): boolean {
  if (!declared || !kept) return !declared && !kept;
  return (['cron', 'timeZone', 'task', 'missed', 'overlap'] as const).every((field) => declared[field] === kept[field]);
}
