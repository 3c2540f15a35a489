/** Do the hooks of the sessions live? What says so: the last event of each, its transcript, and what a hook has failed of. */
import { readFileSync, statSync } from 'node:fs';
import { type HookQuestion, whyNoHooks } from '../claude/hooks/why-no-hooks.ts';
import { lastPromptAt } from '../claude/transcript/last-prompt.ts';
import { commandLineOf } from '../process/command-line.ts';
import type { SessionRecord } from '../protocol/session.ts';

/** A hook is quicker than this, and so is claude's writing of a prompt. */
const lateMs = 15_000;

export interface SessionTrace {
  id: string;
  name: string;
  cwd: string;
  /** `silent`: none has come, and one was due. `quiet`: they came, and one for a newer prompt has not. `none-due`: none has come yet. */
  state: 'heard' | 'silent' | 'quiet' | 'none-due';
  lastHook: SessionRecord['lastHook'];
  /** Why none comes, where that can be known. */
  why: string[];
}

/** What a hook has last failed of. */
export interface HookFailure {
  reason: string;
  /** The claude that it ran for. */
  pid: number;
  at: string;
  /** Its session, where that still runs. */
  session: string | null;
  /** Hooks have come through since. */
  isOver: boolean;
}

export interface HookTrace {
  sessions: SessionTrace[];
  failure: HookFailure | null;
}

export interface TraceOptions {
  sessions: readonly SessionRecord[];
  /** Those that have reported nothing though they should have, as the daemon says. */
  silentIds: ReadonlySet<string>;
  /** The line that a failed hook leaves. */
  failedPath: string;
  env: NodeJS.ProcessEnv;
  now: number;
  /** Why the entries are not in claude's settings; null when they are. */
  missingEntries: string | null;
}

export function readHookTrace(options: TraceOptions): HookTrace {
  const { sessions, failedPath, now } = options;
  return { sessions: sessions.map((one) => traceOf(one, options, now)), failure: readFailure(failedPath, sessions) };
}

function traceOf(session: SessionRecord, options: TraceOptions, now: number): SessionTrace {
  const { id, name, alias, cwd, lastHook } = session;
  const state = stateOf(session, options.silentIds, now);
  const isWell = state === 'heard' || state === 'none-due';
  const why = isWell ? [] : reasons(session, options);
  return { id, name: alias ?? name, cwd, state, lastHook, why };
}

function stateOf(
  { id, lastHook, transcriptPath }: SessionRecord,
  silentIds: ReadonlySet<string>,
  now: number,
): SessionTrace['state'] {
  if (silentIds.has(id)) return 'silent';
  if (lastHook === null) return 'none-due';
  const size = transcriptPath === null ? 0 : (statSync(transcriptPath, { throwIfNoEntry: false })?.size ?? 0);
  const promptAt = size === 0 ? undefined : lastPromptAt(transcriptPath!, size);
  const isLate = promptAt !== undefined && promptAt - Date.parse(lastHook.at) > lateMs && now - promptAt > lateMs;
  return isLate ? 'quiet' : 'heard';
}

function reasons({ cwd, pid, supervised }: SessionRecord, { env, missingEntries }: TraceOptions): string[] {
  const question: HookQuestion = { cwd, args: commandLineOf(pid).slice(1), env };
  const own = supervised || missingEntries === null ? [] : [missingEntries];
  return [...own, ...whyNoHooks(question)];
}

const reasonTexts: Record<string, string> = {
  'no-daemon': 'no daemon was there to be told',
  'no-curl': 'there is neither curl nor node on its PATH',
  node: 'the daemon did not answer (told by node)',
  'curl-7': 'the daemon did not listen (curl 7)',
  'curl-22': 'the daemon refused the event (curl 22)',
  'curl-28': 'the daemon did not answer in time (curl 28)',
  'curl-52': 'the daemon ended before it answered (curl 52)',
  'curl-56': 'the daemon ended while it answered (curl 56)',
};

/** Null when none has failed, or what stands there is no line of ours. */
function readFailure(path: string, sessions: readonly SessionRecord[]): HookFailure | null {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat?.isFile() || stat.size > 200) return null;
  const [, reason, pid] = /^([a-z]+(?:-[a-z0-9]+)?) (\d{1,10})\n$/.exec(readFileSync(path, 'utf8')) ?? [];
  if (reason === undefined) return null;
  const session = sessions.find((one) => one.pid === Number(pid));
  const heardAt = Math.max(0, ...sessions.map(({ lastHook }) => (lastHook === null ? 0 : Date.parse(lastHook.at))));
  return {
    reason: reasonTexts[reason] ?? `it ended with ${reason.replace('-', ' ')}`,
    pid: Number(pid),
    at: stat.mtime.toISOString(),
    session: session?.id ?? null,
    isOver: heardAt > stat.mtimeMs,
  };
}
