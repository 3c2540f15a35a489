/** The board as it runs: from when on a key answers. */
import { describe, expect, it } from 'vitest';
import { Board } from '../../../src/board/board.ts';
import { Signal } from '../../../src/process/signal.ts';
import { verifies } from '../../requirements.ts';
import { TestClock } from '../../support/a-clock.ts';
import { aBoardSession, aQuestion } from '../../support/board-scene.ts';

describe('the board', () => {
  it(`answers nothing that has come up while the person looked elsewhere, until they can have read it ${verifies('board-answers')}`, () => {
    const clock = new TestClock();
    const world = {
      sessions: () => [aBoardSession({ id: 'billing', state: 'waiting', question: aQuestion() })],
      words: () => [],
      trouble: null,
      changed: new Signal<void>(),
    };
    const board = new Board({ world, clock, size: { cols: 120, rows: 30 }, folder: '~' });
    const effects: string[] = [];
    board.effects.add(({ kind }) => void effects.push(kind));
    const approve = (): void => board.key({ text: 'a', name: null });
    try {
      board.draw();
      clock.pass(10_000);
      // the person comes back from a session's terminal
      board.seenAgain();
      approve();
      clock.pass(400);
      approve();
      expect(effects).toEqual([]);
      clock.pass(200);
      approve();
      expect(effects).toEqual(['answer']);
    } finally {
      board.close();
    }
  });
});
