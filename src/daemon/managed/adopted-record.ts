/** The first record of a session that was in somebody's terminal: what there is no word of is as by default. */
import type { AdoptRequest } from '../../protocol/hand-over.ts';
import type { ManagedSession } from '../../protocol/managed.ts';

export interface AdoptedRecordOptions {
  id: string;
  name: string | null;
  claudeSessionId: string | null;
  hasConversation: boolean;
  idleTimeoutMs: number;
  /** Milliseconds since the epoch. */
  now: number;
}

export function adoptedRecord({ now, ...own }: AdoptedRecordOptions, { cwd, args, env }: AdoptRequest): ManagedSession {
  return {
    version: 1,
    ...own,
    cwd,
    args,
    env,
    state: 'running',
    keepWarm: false,
    restart: 'crash',
    restarts: [],
    exit: null,
    since: now,
    host: null,
    asked: null,
  };
}
