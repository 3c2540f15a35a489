import { afterEach, describe, expect, it, vi } from 'vitest';
import { connect } from '../../../../../src/web/page/state/connection.ts';
import { newcomers, openQuestions } from '../../../../../src/web/page/state/questions.ts';
import { verifies } from '../../../../requirements.ts';
import { until } from '../../../../support/until.ts';

class Events extends EventTarget {
  static last: Events;
  constructor() {
    super();
    Events.last = this;
  }
  close(): void {}
  tell(name: string, data: object = {}): void {
    this.dispatchEvent(new MessageEvent(name, { data: JSON.stringify(data) }));
  }
}

describe('what the page knows', () => {
  afterEach(() => vi.unstubAllGlobals());

  it(`a question that comes while the lists are read stays, and is new once ${verifies('web-page-answers')}`, async () => {
    const asked: { path: string; answer: (body: object) => void }[] = [];
    vi.stubGlobal('EventSource', Events);
    vi.stubGlobal('fetch', (path: string) => {
      return new Promise((answer) => asked.push({ path, answer: (body) => answer(Response.json(body)) }));
    });
    const told: (string | undefined)[] = [];
    newcomers.subscribe((one) => told.push(one?.id));
    const answerAll = async (): Promise<void> => {
      await until(() => asked.length === 3);
      for (const { answer } of asked.splice(0)) answer({ sessions: [], questions: [], messages: [] });
    };

    connect();
    Events.last.tell('open');
    await answerAll();
    // a session changes, all is read anew; the list of questions was made before this one was asked
    Events.last.tell('managed');
    await until(() => asked.length === 3);
    Events.last.tell('question', { question: { id: 'q-1', state: 'open', session: 's', askedAt: 0 } });
    expect(openQuestions.value.map(({ id }) => id)).toEqual(['q-1']);
    await answerAll();
    Events.last.tell('managed');
    await until(() => asked.length === 3);
    expect(openQuestions.value.map(({ id }) => id)).toEqual(['q-1']);
    expect(told).toEqual([undefined, 'q-1']);
  });
});
