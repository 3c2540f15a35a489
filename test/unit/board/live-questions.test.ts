/** Questions of the daemon as the board shows and answers them. */
import { describe, expect, it } from 'vitest';
import { boardQuestion, LiveQuestions } from '../../../src/board/live-questions.ts';
import type { DaemonClient } from '../../../src/daemon-client/client.ts';
import type { AnswerRequest, Question } from '../../../src/protocol/question.ts';
import { verifies } from '../../requirements.ts';
import { aQuestion } from '../../support/a-question.ts';

function someQuestions(...there: Question[]) {
  const asked: AnswerRequest[] = [];
  const client = {
    questions: async () => there,
    answerQuestion: async (_: string, answer: AnswerRequest) => {
      asked.push(answer);
      return { ...there[0]!, decision: answer.decision === 'answer' ? 'allow' : answer.decision, taken: true };
    },
  } as unknown as DaemonClient;
  const questions = new LiveQuestions({ connect: async () => client, by: 'ada on devbox' });
  return { questions, client, asked };
}

describe('questions of the daemon', () => {
  it('are those that are open, the oldest first, and go when they are over', async () => {
    const { questions, client } = someQuestions(
      aQuestion({ id: 'q-aaaaaa', askedAt: 2 }),
      aQuestion({ id: 'q-b', askedAt: 1 }),
      aQuestion({ id: 'q-c', state: 'answered' }),
    );
    await questions.readAll(client);
    expect(questions.open().map(({ id }) => id)).toEqual(['q-b', 'q-aaaaaa']);
    questions.heard(aQuestion({ id: 'q-b', state: 'withdrawn' }));
    questions.heard(aQuestion({ id: 'q-d', askedAt: 3 }));
    expect(questions.open().map(({ id }) => id)).toEqual(['q-aaaaaa', 'q-d']);
  });

  it('answers go out as the person at this board gave them', async () => {
    const { questions, asked } = someQuestions(aQuestion({ id: 'q-aaaaaa' }));
    expect(await questions.answer('q-aaaaaa', { kind: 'approve' })).toBe('api: approved.');
    await questions.answer('q-aaaaaa', { kind: 'approve', always: 2 });
    expect(await questions.answer('q-aaaaaa', { kind: 'deny', reason: 'not now' })).toBe('api: denied.');
    await questions.answer('q-aaaaaa', { kind: 'choose', chosen: [['a', 'b'], 'my own'] });
    const by = { via: 'board', by: 'ada on devbox' };
    expect(asked).toEqual([
      { ...by, decision: 'allow' },
      { ...by, decision: 'allow', always: 2 },
      { ...by, decision: 'deny', message: 'not now' },
      { ...by, decision: 'answer', answers: [['a', 'b'], 'my own'] },
    ]);
  });

  it(`what comes from claude as it is has every hidden character written out, and is answered by its own word ${verifies('board-safe')}`, () => {
    const hostile = 'a\x1b[2J\u202eb';
    const choices = [
      { question: hostile, header: hostile, multiSelect: false, options: [{ label: hostile, description: hostile }] },
    ];
    const shown = boardQuestion(
      aQuestion({
        kind: 'question',
        tool: hostile,
        agent: hostile,
        choices,
        suggestions: [{ text: hostile }],
        remote: false,
        reason: hostile,
      }),
    );
    const { value, ...option } = shown.asks[0]!.options[0]!;
    expect(value).toBe(hostile);
    expect(JSON.stringify({ ...shown, asks: [{ ...shown.asks[0], options: [option] }] })).not.toMatch(/\\u001b|\u202e/);
    expect(shown.onlyThere).toContain('⟨U+202E⟩');
  });
});
