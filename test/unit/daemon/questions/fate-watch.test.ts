/** When transcripts are read for what became of questions: only while nothing else can tell. */
import { appendFileSync, rmSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { aRequest, livingProcess, QuestionScene } from '../../../support/question-scene.ts';

describe('reading on in transcripts', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'setInterval', 'clearTimeout', 'clearInterval'] }));
  afterEach(() => void vi.useRealTimers());

  it('one open question needs no reading: no clock runs for it', async () => {
    const scene = new QuestionScene();
    scene.calls();
    scene.asks();
    await vi.advanceTimersByTimeAsync(2000);
    // the sweep of the hooks alone
    expect(vi.getTimerCount()).toBe(1);
  });

  it('of two equal ones one was answered in the terminal: one is left, and the answer goes to both hooks', async () => {
    const scene = new QuestionScene();
    const calls = [scene.calls(), scene.calls()];
    const one = scene.asks();
    const two = scene.asks(aRequest(), { ...livingProcess(), startTime: 'another' });
    scene.results(calls[0]!);
    expect(scene.questions.all().map(({ id }) => id)).toEqual([two.id]);
    expect(scene.questions.get(one.id)).toMatchObject({ via: 'terminal' });
    const given = scene.answer(two.id, { decision: 'deny' });
    scene.results(calls[1]!, { byHook: 'deny' });
    expect(await given).toMatchObject({ taken: true });
    expect([one.hook.said.length, two.hook.said.length]).toEqual([1, 1]);
  });

  it('a result is found by itself, within a look, and a half-written line is left for the next one', async () => {
    const scene = new QuestionScene();
    const calls = [scene.calls(), scene.calls('Bash', { command: 'other' })];
    const one = scene.asks();
    scene.asks(aRequest({ input: { command: 'other' } }), { ...livingProcess(), startTime: 'another' });
    const timestamp = new Date(scene.clock.now).toISOString();
    const line = JSON.stringify({
      type: 'user',
      timestamp,
      message: { content: [{ type: 'tool_result', tool_use_id: calls[0] }] },
    });
    appendFileSync(scene.transcript, line.slice(0, 40));
    await vi.advanceTimersByTimeAsync(100);
    expect(scene.questions.get(one.id)!.state).toBe('open');
    appendFileSync(scene.transcript, `${line.slice(40)}\n`);
    await vi.advanceTimersByTimeAsync(100);
    expect(scene.questions.get(one.id)).toMatchObject({ state: 'answered', via: 'terminal' });
  });

  it('a transcript that has gone says nothing, and after ten seconds nobody looks by the clock any more', async () => {
    const scene = new QuestionScene();
    const one = scene.asks();
    scene.asks(aRequest({ input: { command: 'other' } }), { ...livingProcess(), startTime: 'another' });
    rmSync(scene.transcript);
    await vi.advanceTimersByTimeAsync(10_100);
    expect(scene.questions.get(one.id)!.state).toBe('open');
    // the sweep alone
    expect(vi.getTimerCount()).toBe(1);
  });
});
