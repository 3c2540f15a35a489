/** What a question of claude's becomes, by what claude's files say: whose answer counted, and that nobody is told otherwise. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { verifies } from '../../../requirements.ts';
import { aRequest, livingProcess, QuestionScene } from '../../../support/question-scene.ts';

const rejected = { toolUseResult: 'User rejected tool use' };

describe('what claude asks, and whose answer counts', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'setInterval', 'clearTimeout', 'clearInterval'] }));
  afterEach(() => void vi.useRealTimers());

  it('an answer from elsewhere goes to the hook, and counts once claude has said so', async () => {
    const scene = new QuestionScene();
    const call = scene.calls();
    const { id, hook } = scene.asks();
    expect(scene.questions.countOf(scene.session.id)).toBe(1);
    const given = scene.answer(id, { decision: 'allow' });
    expect(JSON.parse(hook.said[0]!).hookSpecificOutput.decision.behavior).toBe('allow');
    scene.says('busy');
    scene.results(call, { byHook: 'allow' });
    expect(await given).toMatchObject({
      state: 'answered',
      via: 'command',
      decision: 'allow',
      taken: true,
      input: null,
    });
    expect(scene.events()).toEqual(['asked', 'answered', 'taken']);
    expect(scene.questions.all()).toEqual([]);
    await expect(scene.answer(id)).rejects.toMatchObject({
      code: 'QUESTION_OVER',
      facts: 'Answered by the test 0 s ago.',
    });
  });

  it(`the terminal is first by its transcript: the answer from elsewhere is told so ${verifies('answer-truth')}`, async () => {
    const scene = new QuestionScene();
    const call = scene.calls();
    const { id } = scene.asks();
    const given = scene.answer(id, { decision: 'deny' });
    scene.results(call);
    await expect(given).rejects.toMatchObject({ code: 'QUESTION_OVER', facts: 'Answered in the terminal 0 s ago.' });
    expect(scene.questions.get(id)).toMatchObject({ via: 'terminal', taken: false, by: null, decision: null });
  });

  it(`the session goes on before the answer is read, and takes it still (2.1.332): it counted ${verifies('answer-truth')}`, async () => {
    const scene = new QuestionScene();
    const call = scene.calls();
    const { id } = scene.asks();
    const leftAt = scene.clock.now;
    scene.clock.pass(5);
    const given = scene.answer(id, { decision: 'deny' });
    // claude's file comes late, and says when
    scene.clock.now = leftAt;
    scene.says('busy');
    scene.results(call, { permissionDecision: { decision: 'reject', source: 'hook' } });
    expect(await given).toMatchObject({ via: 'command', taken: true });
  });

  it(`rejected in the terminal while an answer from elsewhere allowed it: it is said that it may have begun ${verifies('answer-truth')}`, async () => {
    const scene = new QuestionScene();
    const call = scene.calls();
    const { id } = scene.asks();
    const given = scene.answer(id, { decision: 'allow' });
    scene.results(call, rejected);
    await expect(given).rejects.toMatchObject({
      facts:
        'Answered in the terminal 0 s ago, interrupted there as an answer from elsewhere came: what was asked for may have begun to run.',
    });
    expect(scene.questions.get(id)).toMatchObject({ via: 'terminal', taken: null, decision: null });
  });

  it(`a no that ends the turn counts where claude has it as rejected, and not where the tool has run ${verifies('answer-truth')}`, async () => {
    const scene = new QuestionScene();
    const first = scene.calls();
    const one = scene.asks();
    const stopped = scene.answer(one.id, { decision: 'deny', stop: true });
    scene.results(first, rejected);
    expect(await stopped).toMatchObject({ decision: 'deny', taken: true });
    const other = { command: 'npm run lint' };
    const second = scene.calls('Bash', other);
    const two = scene.asks(aRequest({ input: other }), { ...livingProcess(), startTime: 'another' });
    const late = scene.answer(two.id, { decision: 'deny', stop: true });
    scene.results(second);
    await expect(late).rejects.toMatchObject({ code: 'QUESTION_OVER' });
  });

  it('2.1.332 says of the result who decided', async () => {
    const scene = new QuestionScene();
    const call = scene.calls();
    const { id } = scene.asks();
    const given = scene.answer(id, { decision: 'deny' });
    scene.results(call, { permissionDecision: { decision: 'reject', source: 'hook' } });
    expect(await given).toMatchObject({ decision: 'deny', taken: true });
  });

  it('while an allowed tool runs nobody is kept waiting, and the end is told when it is known', async () => {
    const scene = new QuestionScene();
    const call = scene.calls();
    const { id } = scene.asks();
    const given = scene.answer(id, { decision: 'allow' });
    scene.clock.pass(20);
    scene.says('busy');
    await vi.advanceTimersByTimeAsync(2000);
    expect(await given).toMatchObject({ state: 'answered', taken: null });
    scene.results(call, { byHook: 'allow' });
    expect(scene.questions.get(id)).toMatchObject({ taken: true });
  });

  it(`a no of which the transcript says nothing while a tool runs was not heard ${verifies('answer-truth')}`, async () => {
    const scene = new QuestionScene();
    scene.calls();
    const { id } = scene.asks();
    const given = scene.answer(id, { decision: 'deny' });
    const settled = expect(given).rejects.toMatchObject({ code: 'QUESTION_OVER' });
    scene.clock.pass(20);
    scene.says('busy');
    await vi.advanceTimersByTimeAsync(8000);
    await settled;
    expect(scene.questions.get(id)).toMatchObject({ via: 'terminal', taken: false });
  });

  it('claude takes no notice: it is asked still, in its terminal', async () => {
    const scene = new QuestionScene();
    scene.calls();
    const { id } = scene.asks();
    const settled = expect(scene.answer(id)).rejects.toMatchObject({ code: 'NOT_TAKEN' });
    await vi.advanceTimersByTimeAsync(8000);
    await settled;
    expect(scene.questions.get(id)).toMatchObject({ state: 'open', remote: false, taken: false, by: null });
    await expect(scene.answer(id)).rejects.toMatchObject({ code: 'QUESTION_NOT_REMOTE' });
  });

  it(`its session ends: withdrawn, also where an answer was on its way ${verifies('question-withdrawn')}`, async () => {
    const scene = new QuestionScene();
    const open = scene.asks();
    scene.questions.sessionGone(scene.session);
    expect(scene.questions.get(open.id)).toMatchObject({ state: 'withdrawn', reason: 'its session has ended' });
    expect(open.hook.said).toEqual(['dismissed']);
    const { id } = scene.asks(aRequest(), { ...livingProcess(), startTime: 'another' });
    const given = expect(scene.answer(id)).rejects.toMatchObject({
      facts: 'Withdrawn 0 s ago: its session has ended before it said whose answer it took.',
    });
    scene.questions.sessionGone(scene.session);
    await given;
  });

  it(`another conversation: what was asked in the one before is asked no longer ${verifies('question-withdrawn')}`, () => {
    const scene = new QuestionScene();
    const { id, hook } = scene.asks();
    scene.session.conversationIs('99999999-2222-3333-4444-555555555555', null);
    scene.questions.sessionChanged(scene.session);
    expect(scene.questions.get(id)).toMatchObject({ state: 'withdrawn', reason: 'the conversation was cleared' });
    expect(hook.said).toEqual(['dismissed']);
  });

  it('answered in the terminal: its hook is let go', () => {
    const scene = new QuestionScene();
    const { id, hook } = scene.asks();
    scene.says('busy');
    expect(scene.questions.get(id)).toMatchObject({ state: 'answered', via: 'terminal', taken: null });
    expect(hook.said).toEqual(['dismissed']);
  });

  it('the same hook at the next daemon is the same question', () => {
    const scene = new QuestionScene();
    const next = new QuestionScene();
    Object.assign(next.session, { id: scene.session.id });
    expect(scene.asks().id).toBe(next.asks().id);
  });

  it('stopping the daemon for good ends every hook, and the dialogs stay', () => {
    const scene = new QuestionScene();
    const { id, hook } = scene.asks();
    scene.questions.dismissHooks();
    expect(hook.said).toEqual(['dismissed']);
    expect(scene.questions.get(id)).toMatchObject({ state: 'open', remote: false, reason: 'the daemon was stopped' });
  });
});
