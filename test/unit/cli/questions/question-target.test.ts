import { describe, expect, it } from 'vitest';
import { questionTarget } from '../../../../src/cli/questions/question-target.ts';
import type { DaemonClient } from '../../../../src/daemon-client/client.ts';
import type { Question } from '../../../../src/protocol/question.ts';
import { aQuestion } from '../../../support/a-question.ts';
import { aRecord } from '../../../support/daemon-stand-in.ts';

describe('which question a command means', () => {
  const session = aRecord({ id: 'k7m2p9qd', name: 'api', alias: 'reviewer', cwd: '/work/api' });
  const client = (...questions: Question[]) =>
    ({ sessions: async () => [session], questions: async () => questions }) as unknown as DaemonClient;

  it('a session that asks nothing is called as people call it', async () => {
    await expect(questionTarget(client(), 'reviewer', 0)).rejects.toMatchObject({
      code: 'NO_SUCH_QUESTION',
      facts: 'reviewer asks nothing.',
    });
  });

  it('whoever was too late for it hears who was first', async () => {
    const endedAt = Date.now() - 12_000;
    const early = aQuestion({
      id: 'q-early1',
      state: 'answered',
      via: 'command',
      by: 'ada',
      endedAt: endedAt - 60_000,
    });
    const last = aQuestion({ id: 'q-last12', state: 'answered', via: 'terminal', endedAt });
    await expect(questionTarget(client(last, early), 'reviewer', 0)).rejects.toMatchObject({
      facts: expect.stringMatching(/^reviewer asks nothing\. q-last12 \(Bash\): Answered in the terminal 1\d s ago\.$/),
    });
  });

  it('one that waits for what nobody could answer from here says so', async () => {
    const waits = { ...session, state: 'waiting' as const, waitingFor: 'trust' };
    const asked = { sessions: async () => [waits], questions: async () => [] } as unknown as DaemonClient;
    await expect(questionTarget(asked, 'reviewer', 0)).rejects.toMatchObject({
      code: 'QUESTION_NOT_REMOTE',
      facts: 'reviewer waits for: trust.',
    });
    // one that was answered a moment ago is still told as waiting
    const answered = aQuestion({ state: 'answered', via: 'command', by: 'ada', endedAt: Date.now() });
    const late = { sessions: async () => [waits], questions: async () => [answered] } as unknown as DaemonClient;
    await expect(questionTarget(late, 'reviewer', 0)).rejects.toMatchObject({ code: 'NO_SUCH_QUESTION' });
  });

  it('one of several is named by its id', async () => {
    await expect(questionTarget(client(aQuestion(), aQuestion({ id: 'q-other1' })), 'api', 0)).rejects.toMatchObject({
      code: 'AMBIGUOUS_QUESTION',
    });
  });
});
