/** What claude tells a hook on stdin (docs/claude-facts.md#hooks), as far as claudex uses it. */

export interface HookPayload {
  event: string;
  sessionId: string;
  transcriptPath: string | null;
  cwd: string | null;
  /** `default`, `bypassPermissions` and others; SessionStart does not tell it (2.1.332). */
  permissionMode: string | null;
  /** 2.1.196 and newer; the same for a prompt and the Stop that ends its turn. */
  promptId: string | null;
  /** UserPromptSubmit */
  prompt: string | null;
  /** SessionStart: startup|resume|clear|compact|fork */
  source: string | null;
  /** SessionEnd: clear|resume|logout|prompt_input_exit|other */
  reason: string | null;
  /** Stop */
  lastAssistantMessage: string | null;
  /** Stop: background tasks run, or prompts are scheduled; it is not idle for good. */
  hasBackgroundWork: boolean;
  /** Notification */
  notificationType: string | null;
  /** PermissionRequest */
  toolName: string | null;
  /** StopFailure */
  error: string | null;
}

/** Parses a hook's stdin; undefined when it is not a hook payload. */
export function parseHookPayload(value: unknown): HookPayload | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const record = value as Record<string, unknown>;
  if (typeof record.session_id !== 'string' || typeof record.hook_event_name !== 'string') return undefined;
  const text = (key: string): string | null => (typeof record[key] === 'string' ? (record[key] as string) : null);
  return {
    event: record.hook_event_name,
    sessionId: record.session_id,
    transcriptPath: text('transcript_path'),
    cwd: text('cwd'),
    permissionMode: text('permission_mode'),
    promptId: text('prompt_id'),
    prompt: text('prompt'),
    source: text('source'),
    reason: text('reason'),
    lastAssistantMessage: text('last_assistant_message'),
    hasBackgroundWork: holdsAny(record.background_tasks) || holdsAny(record.session_crons),
    notificationType: text('notification_type'),
    toolName: text('tool_name'),
    error: text('error') ?? text('error_type'),
  };
}

function holdsAny(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0;
}

/** A hook's answer that adds text to the user's prompt, or continues the turn from a Stop hook. */
export function additionalContextReply(event: 'UserPromptSubmit' | 'Stop', text: string): string {
  return JSON.stringify({ hookSpecificOutput: { hookEventName: event, additionalContext: text } });
}

/** The older way to continue a turn from a Stop hook, shown as an error line; for claude before 2.1.163. */
export function blockReply(text: string): string {
  return JSON.stringify({ decision: 'block', reason: text });
}

/** Every output string of a hook is cut at this many characters (documented). */
export const maxHookOutputChars = 10_000;
