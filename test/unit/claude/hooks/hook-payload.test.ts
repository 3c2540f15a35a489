/** What of a hook's payload is taken, what is none, and the answers that claude understands. */
import { describe, expect, it } from 'vitest';
import { additionalContextReply, blockReply, parseHookPayload } from '../../../../src/claude/hooks/hook-payload.ts';

const least = { session_id: 's', hook_event_name: 'Stop' };

describe('hook payload', () => {
  it('is read field by field', () => {
    const payload = {
      ...least,
      transcript_path: '/t',
      cwd: '/w',
      permission_mode: 'plan',
      prompt_id: 'p',
      prompt: 'go',
      source: 'startup',
      reason: 'other',
      stop_hook_active: true,
      last_assistant_message: 'done',
      background_tasks: [{}],
      notification_type: 'idle',
      tool_name: 'Bash',
      error: 'overloaded',
    };
    expect(parseHookPayload(payload)).toEqual({
      event: 'Stop',
      sessionId: 's',
      transcriptPath: '/t',
      cwd: '/w',
      permissionMode: 'plan',
      promptId: 'p',
      prompt: 'go',
      source: 'startup',
      reason: 'other',
      lastAssistantMessage: 'done',
      hasBackgroundWork: true,
      notificationType: 'idle',
      toolName: 'Bash',
      error: 'overloaded',
    });
  });

  it('has null for what is missing or of another kind', () => {
    const nothing = Object.fromEntries(
      Object.entries(parseHookPayload(least)!).filter(([key]) => !['event', 'sessionId'].includes(key)),
    );
    expect(Object.values(nothing).every((value) => value === null || value === false)).toBe(true);
    expect(parseHookPayload({ ...least, prompt: 7, cwd: null })).toMatchObject({ prompt: null, cwd: null });
    expect(parseHookPayload({ ...least, error_type: 'overloaded' })?.error).toBe('overloaded');
    expect(parseHookPayload({ ...least, error: 'one', error_type: 'other' })?.error).toBe('one');
  });

  it('has work in the background when either list has any', () => {
    const works = (fields: object) => parseHookPayload({ ...least, ...fields })?.hasBackgroundWork;
    expect(works({ background_tasks: [], session_crons: [] })).toBe(false);
    expect(works({ background_tasks: [1], session_crons: [] })).toBe(true);
    expect(works({ background_tasks: [], session_crons: [1] })).toBe(true);
    expect(works({ background_tasks: 'some' })).toBe(false);
  });

  it('is none without a session and an event', () => {
    for (const wrong of [
      null,
      undefined,
      7,
      'x',
      [],
      {},
      { session_id: 's' },
      { hook_event_name: 'Stop', session_id: 1 },
    ]) {
      expect(parseHookPayload(wrong)).toBeUndefined();
    }
  });

  it('is answered with text to add, or with a reason to go on', () => {
    expect(JSON.parse(additionalContextReply('Stop', 'go on'))).toEqual({
      hookSpecificOutput: { hookEventName: 'Stop', additionalContext: 'go on' },
    });
    expect(JSON.parse(blockReply('go on'))).toEqual({ decision: 'block', reason: 'go on' });
  });
});
