/** What the keys of the board do, and above all what they do not: answer something that nobody can have read. */
import { describe, expect, it } from 'vitest';
import { inertMs } from '../../../src/board/answer-keys.ts';
import { type BoardNow, keyContext, settled } from '../../../src/board/board-view.ts';
import { type Effect, keysOf, takeKey } from '../../../src/board/keys.ts';
import type { Size } from '../../../src/board/layout.ts';
import type { BoardQuestion } from '../../../src/board/question-source.ts';
import { type BoardUi, firstUi, type Key } from '../../../src/board/ui.ts';
import { verifies } from '../../requirements.ts';
import { aBoardSession, aMoment, aQuestion } from '../../support/board-scene.ts';

const wide = { cols: 120, rows: 30 };
const small = { cols: 40, rows: 16 };

/** A person at the board: keys go in, time passes, the world changes. */
class Person {
  ui: BoardUi = firstUi;
  effects: Effect[] = [];
  moment: BoardNow;
  readonly size: Size;

  constructor(moment: Partial<BoardNow> = {}, size: Size = wide) {
    this.moment = aMoment(moment);
    this.size = size;
    this.settle();
  }

  press(...keys: Array<string | { name: NonNullable<Key['name']>; text?: string }>): this {
    for (const key of keys) {
      const known: Key = typeof key === 'string' ? { text: key, name: null } : { text: '', ...key };
      this.settle();
      const { ui, effect } = takeKey(this.ui, known, keyContext(this.ui, this.moment, this.size));
      this.ui = ui;
      if (effect) this.effects.push(effect);
      this.settle();
    }
    return this;
  }

  wait(ms: number): this {
    this.moment = { ...this.moment, steadyMs: this.moment.steadyMs + ms };
    this.settle();
    return this;
  }

  asked(question: BoardQuestion | undefined): this {
    this.moment = { ...this.moment, sessions: [aBoardSession({ id: 'api', state: 'waiting', question })] };
    this.settle();
    return this;
  }

  settle(): void {
    this.ui = settled(this.ui, this.moment, this.size);
  }
}

const approved = { kind: 'answer', questionId: 'q1', answer: { kind: 'approve' } };

describe(`answering ${verifies('board-answers')}`, () => {
  it('a key answers nothing for half a second after a question has come up under it, and then it does', () => {
    const person = new Person({ sessions: [aBoardSession({ id: 'api' })] }).asked(aQuestion());
    expect(person.wait(inertMs - 1).press('a', 'd', '1').effects).toEqual([]);
    expect(person.wait(1).press('a').effects).toEqual([approved]);
  });

  it('another question in its place starts that half second anew', () => {
    const person = new Person()
      .asked(aQuestion())
      .wait(inertMs)
      .asked(aQuestion({ id: 'q2' }));
    expect(person.press('a').effects).toEqual([]);
    expect(person.wait(inertMs).press('a').effects).toMatchObject([{ questionId: 'q2' }]);
  });

  it('how far a question was read says nothing of what stands there after it', () => {
    const person = new Person({}, { cols: 120, rows: 14 }).asked(aQuestion({ shown: 'x\n'.repeat(40) })).press(' ');
    expect(person.ui.scroll).toBeGreaterThan(0);
    expect(person.asked(undefined).ui.scroll).toBeNull();
  });

  it('going to a session that asks does as well', () => {
    const sessions = [
      aBoardSession({ id: 'a', state: 'waiting', question: aQuestion({ id: 'qa' }) }),
      aBoardSession({ id: 'b', state: 'waiting', question: aQuestion({ id: 'qb' }) }),
    ];
    const person = new Person({ sessions }).wait(inertMs).press('j', 'a');
    expect(person.effects).toEqual([]);
    expect(person.wait(inertMs).press('a').effects).toMatchObject([{ questionId: 'qb' }]);
  });

  it('one that is longer than the pane is answered only when its end has been in sight', () => {
    const shown = Array.from({ length: 80 }, (_, at) => `line ${at}`).join('\n');
    const person = new Person()
      .asked(aQuestion({ id: 'long', shown }))
      .wait(inertMs)
      .press('a');
    expect(person.effects).toEqual([]);
    expect(person.ui.notice?.text).toContain('to its end');
    expect(person.press(' ', ' ', ' ', ' ', 'a').effects).toEqual([{ ...approved, questionId: 'long' }]);
  });

  it('in a small terminal the first key shows it', () => {
    const person = new Person({}, small).asked(aQuestion()).wait(inertMs).press('a');
    expect(person.effects).toEqual([]);
    expect(person.ui.isPaneOpen).toBe(true);
    expect(person.press('a').effects).toEqual([]);
    expect(person.wait(inertMs).press('a').effects).toEqual([approved]);
  });

  it('what was pasted answers nothing', () => {
    const person = new Person().asked(aQuestion()).wait(inertMs).press('add a test', 'aa', '11');
    expect(person.effects).toEqual([]);
  });

  it('always with the suggestion of that number, and not with one that is not there', () => {
    const person = new Person().asked(aQuestion()).wait(inertMs);
    expect(person.press('2').effects).toEqual([]);
    expect(person.press('1').effects).toEqual([{ ...approved, answer: { kind: 'approve', always: 1 } }]);
  });

  it('deny, and deny with a reason that is typed', () => {
    const person = new Person()
      .asked(aQuestion())
      .wait(inertMs)
      .press('d', 'D', 'on', ' the', ' copy', { name: 'return' });
    expect(person.effects.map((one) => one.kind === 'answer' && one.answer)).toEqual([
      { kind: 'deny' },
      { kind: 'deny', reason: 'on the copy' },
    ]);
  });

  it('several asks one after the other, several of one, and words of one’s own', () => {
    const options = ['red', 'green', 'blue'].map((label) => ({ label, value: label, description: '' }));
    const asks = [
      { text: 'Which one?', options, isMulti: false },
      { text: 'Which ones?', options, isMulti: true },
      { text: 'And else?', options, isMulti: false },
    ];
    const person = new Person().asked(aQuestion({ kind: 'question', asks })).wait(inertMs);
    person.press('2', '1', '3', '1', '2', { name: 'return' }, 't', 'none of them', { name: 'return' });
    expect(person.effects).toEqual([
      {
        kind: 'answer',
        questionId: 'q1',
        answer: { kind: 'choose', chosen: [['green'], ['blue', 'green'], 'none of them'] },
      },
    ]);
  });

  it('one that can be answered in its terminal only says so', () => {
    const person = new Person()
      .asked(aQuestion({ onlyThere: 'its hook has gone' }))
      .wait(inertMs)
      .press('a', 'd', '1');
    expect(person.effects).toEqual([]);
    expect(person.ui.notice?.text).toContain('its hook has gone');
  });

  it('words for a question that has gone meanwhile go nowhere', () => {
    const asks = [{ text: 'Which?', options: [], isMulti: false }];
    const person = new Person()
      .asked(aQuestion({ kind: 'question', asks }))
      .wait(inertMs)
      .press('t', 'this');
    person.asked(aQuestion({ id: 'q2', kind: 'question', asks }));
    expect(person.press({ name: 'return' }).effects).toEqual([]);
  });
});

describe('the other keys', () => {
  const three = ['a', 'b', 'c'].map((id) => aBoardSession({ id, isManaged: id === 'b' }));

  it('move, stay within the list, and keep to their session when the order changes', () => {
    const person = new Person({ sessions: three });
    expect(person.press('k').ui.selectedId).toBe('a');
    expect(person.press('j', 'j', 'j').ui.selectedId).toBe('c');
    expect(person.press('g').ui.selectedId).toBe('a');
    person.moment = { ...person.moment, sessions: [three[2]!, three[1]!, three[0]!] };
    expect(person.press('j').ui.selectedId).toBe('a');
    expect(person.press({ name: 'up' }).ui.selectedId).toBe('b');
  });

  it('Tab goes to the next one that waits', () => {
    const sessions = [...three, aBoardSession({ id: 'd', state: 'waiting' })];
    expect(new Person({ sessions }).press({ name: 'tab' }).ui.selectedId).toBe('d');
    expect(new Person({ sessions: three }).press({ name: 'tab' }).ui.notice?.text).toBe('Nobody waits for you.');
  });

  it('a filter takes effect while it is typed; Escape shows all again', () => {
    const person = new Person().press('/', 'yen');
    expect(keyContext(person.ui, person.moment, wide).sessions.map(({ id }) => id)).toEqual(['etl']);
    expect(person.press({ name: 'escape' }).ui).toMatchObject({ filter: '', typing: null });
  });

  it('while a line is typed no letter is a command', () => {
    const person = new Person({ sessions: three }).press(
      's',
      'quit',
      'x',
      'q',
      { name: 'backspace' },
      { name: 'return' },
    );
    expect(person.effects).toEqual([{ kind: 'send', id: 'a', name: 'a', text: 'quitx' }]);
    expect(new Person({ sessions: three }).press('s', '  ', { name: 'return' }).effects).toEqual([]);
  });

  it('x asks first, and says why it cannot', () => {
    const person = new Person({ sessions: three });
    expect(person.press('x').ui.notice?.text).toContain('terminal of its own');
    expect(person.press('j', 'x', 'n').effects).toEqual([]);
    expect(person.press('x', 'y').effects).toEqual([{ kind: 'stop', id: 'b', name: 'b' }]);
  });

  it('Enter attaches, n starts where the chosen one is', () => {
    const person = new Person({ sessions: three }).press({ name: 'return' }, 'n', { name: 'return' });
    expect(person.effects).toMatchObject([
      { kind: 'attach', session: { id: 'a' } },
      { kind: 'start', folder: '~/work/a' },
    ]);
  });

  it('q and Ctrl-C leave, also out of a line; Ctrl-Z suspends', () => {
    const person = new Person().press(
      'q',
      '/',
      { name: 'ctrl', text: 'c' },
      { name: 'escape' },
      { name: 'ctrl', text: 'z' },
    );
    expect(person.effects.map(({ kind }) => kind)).toEqual(['quit', 'quit', 'suspend']);
  });

  it('with nobody there, nothing is done to anybody', () => {
    const person = new Person({ sessions: [] }).press('j', 'k', 's', 'x', 'p', { name: 'return' }, ' ', {
      name: 'tab',
    });
    expect(person.effects).toEqual([]);
  });
});

describe('keys that come together in one read', () => {
  const together = (text: string, ui: BoardUi = firstUi) => keysOf({ text, name: null }, ui).map((key) => key.text);

  it('are each a key where they only move, and one text where one of them would do more', () => {
    expect(together('jjk')).toEqual(['j', 'j', 'k']);
    expect(together(' G')).toEqual([' ', 'G']);
    for (const text of ['ja', 'jd', 'j1', 'aa', 'jxy', 'jq', 'just some words']) expect(together(text)).toEqual([text]);
  });

  it('are text where a line is typed', () => {
    const ui: BoardUi = { ...firstUi, typing: { for: 'filter', text: '' } };
    expect(together('jk', ui)).toEqual(['jk']);
  });
});
