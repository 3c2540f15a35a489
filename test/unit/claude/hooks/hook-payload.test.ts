/** What of a hook’s payload is taken, and what is none. */
import { describe, expect, it } from 'vitest';
import { parseHookPayload } from '../../../../src/claude/hooks/hook-payload.ts';

describe('hook payload', () => {
  it('is read field by field', () => {
    expect(
      parseHookPayload({
        session_id: 's',
        hook_event_name: 'Stop',
        transcript_path: '/t',
        prompt_id: 'p',
        stop_hook_active: true,
        last_assistant_message: 'done',
        prompt: 7,
      }),
    ).toMatchObject({
      event: 'Stop',
      sessionId: 's',
      transcriptPath: '/t',
      promptId: 'p',
      lastAssistantMessage: 'done',
      prompt: null,
      error: null,
    });
    expect(parseHookPayload({ session_id: 's', hook_event_name: 'StopFailure', error_type: 'overloaded' })?.error).toBe(
      'overloaded',
    );
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
});
