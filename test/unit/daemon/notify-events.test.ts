/** What the person's own program is told: in one line what has happened, and nothing that acts on a terminal or a chat. */
import { expect, it } from 'vitest';
import { crashesOf, questionEvent } from '../../../src/daemon/notify-events.ts';
import type { ManagedSession } from '../../../src/protocol/managed.ts';
import type { Question } from '../../../src/protocol/question.ts';
import { verifies } from '../../requirements.ts';

const question = {
  id: 'q-abcdef',
  kind: 'permission',
  session: 'a',
  name: 'api\x1b[2J',
  cwd: '/work/api',
  tool: 'Bash',
  shown: `rm -rf build\u202e${'x'.repeat(1000)}\nand more`,
  choices: [],
  state: 'open',
  decision: null,
  by: null,
  via: null,
  reason: null,
} as unknown as Question;

it(`a question, and what became of it ${verifies('notify-command')}`, () => {
  const asked = questionEvent(question);
  expect(asked).toMatchObject({ event: 'question', session: { id: 'a', name: 'api' }, question: { tool: 'Bash' } });
  expect(asked.text).toMatch(/^api asks: Bash: rm -rf build⟨U\+202E⟩x{1,200}$/);
  const answered = questionEvent({
    ...question,
    state: 'answered',
    decision: 'deny',
    by: 'ada on devbox',
    via: 'board',
  });
  expect(answered).toMatchObject({ event: 'answered', text: 'api: Bash denied by ada on devbox' });
  const withdrawn = questionEvent({ ...question, state: 'withdrawn', reason: 'the session has ended' });
  expect(withdrawn).toMatchObject({ event: 'answered', text: 'api: Bash withdrawn: the session has ended' });
  const plain = questionEvent({
    ...question,
    kind: 'question',
    choices: [{ question: 'Which?', header: '', multiSelect: false, options: [] }],
  });
  expect(plain.text).toBe('api asks: Bash: Which?');
});

it('a crash is told once, however often its record is written, and the next one again', () => {
  const told: string[] = [];
  const look = crashesOf(({ text }) => told.push(text));
  const one = {
    id: 'a',
    name: 'nightly',
    cwd: '/w',
    state: 'crashed',
    since: 1,
    exit: { reason: 'exit code 1', code: 1, signal: null, at: 1 },
  } as ManagedSession;
  look(one);
  look({ ...one, restarts: [1] });
  look({ ...one, state: 'starting', since: 2 });
  look({ ...one, since: 3 });
  look(undefined);
  expect(told).toEqual(['nightly has crashed: exit code 1', 'nightly has crashed: exit code 1']);
});
