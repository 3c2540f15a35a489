/** A hook that writes down every event, and answers claude when a test wants it to. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HermeticHome } from './hermetic-home.ts';
import { readIfExists, waitForFile } from './wait-for-file.ts';

export interface HookPayload {
  session_id: string;
  transcript_path: string;
  cwd: string;
  hook_event_name: string;
  prompt_id?: string;
  prompt?: string;
  source?: string;
  reason?: string;
  stop_hook_active?: boolean;
  last_assistant_message?: string;
  [field: string]: unknown;
}

/** One hook event as the logging hook saw it. */
export interface LoggedHookEvent {
  hookPid: number;
  parentPid: number;
  /** CLAUDE_CODE_SESSION_ID of the hook's environment. */
  environmentSessionId: string;
  /** CLAUDE_CODE_ENTRYPOINT of it: `cli` for a session. */
  entrypoint: string;
  payload: HookPayload;
}

export interface HookLog {
  /** Settings with the logging hook on every event: give them to `startBareClaude`. */
  settings: { hooks: Record<string, unknown> };
  events(): LoggedHookEvent[];
  /** Names of the events so far, in order. */
  names(): string[];
  /** The first event of that name which satisfies `wanted`. */
  waitFor(
    name: string,
    wanted?: (payload: HookPayload) => boolean,
    options?: { timeoutMs?: number },
  ): Promise<LoggedHookEvent>;
  /** The next hook of that event, and only it, prints `answer` as its JSON output. */
  answerNext(name: string, answer: unknown): void;
}

const loggedEvents = [
  'SessionStart',
  'SessionEnd',
  'UserPromptSubmit',
  'Stop',
  'StopFailure',
  'Notification',
  'PermissionRequest',
];

/** A hook script that appends every event to a log file in `home`. */
export function createHookLog(home: HermeticHome): HookLog {
  const folder = join(home.root, 'hook-log');
  const script = join(folder, 'hook');
  const log = join(folder, 'events.jsonl');
  mkdirSync(folder, { recursive: true });
  // One printf, one write: hooks of one event run in parallel.
  writeFileSync(
    script,
    `#!/bin/sh
payload=$(cat)
printf '{"hookPid":%s,"parentPid":%s,"environmentSessionId":"%s","entrypoint":"%s","payload":%s}\\n' \\
  "$$" "$PPID" "$CLAUDE_CODE_SESSION_ID" "$CLAUDE_CODE_ENTRYPOINT" "$payload" >>'${log}'
mv '${folder}'/"$1".answer '${folder}'/"$1".answer.$$ 2>/dev/null && cat '${folder}'/"$1".answer.$$
exit 0
`,
  );
  chmodSync(script, 0o755);
  const parse = (text: string | undefined): LoggedHookEvent[] =>
    (text ?? '')
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as LoggedHookEvent);
  const hook = (event: string) => [{ hooks: [{ type: 'command', command: `exec '${script}' ${event}`, timeout: 10 }] }];
  return {
    settings: { hooks: Object.fromEntries(loggedEvents.map((event) => [event, hook(event)])) },
    events: () => parse(readIfExists(log)),
    names: () => parse(readIfExists(log)).map((event) => event.payload.hook_event_name),
    waitFor: async (name, wanted = () => true, options = {}) =>
      await waitForFile(
        log,
        (text) => parse(text).find(({ payload }) => payload.hook_event_name === name && wanted(payload)),
        { what: `hook event ${name}`, ...options },
      ),
    answerNext: (name, answer) => writeFileSync(join(folder, `${name}.answer`), JSON.stringify(answer)),
  };
}
