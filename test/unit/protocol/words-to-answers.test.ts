import { describe, expect, it } from 'vitest';
import { wordsToAnswers } from '../../../src/protocol/words-to-answers.ts';

const choice = (multiSelect = false) => ({
  question: 'Which?',
  header: 'H',
  multiSelect,
  options: ['Red, dark', 'Blue', 'Green'].map((label) => ({ label, description: '' })),
});

describe('what a person writes to a question', () => {
  it.each([
    [['2'], [['Blue']]],
    [['blue'], [['Blue']]],
    [['Red, dark'], [['Red, dark']]],
    [['neither', 'of', 'them'], ['neither of them']],
  ])('%j', (words, answers) => {
    expect(wordsToAnswers([choice()], words, [])).toEqual(answers);
  });

  it.each([
    [['1', '3'], [['Red, dark', 'Green']]],
    [['2,3'], [['Blue', 'Green']]],
    [['Blue', 'green', 'Blue'], [['Blue', 'Green']]],
    [['all', 'of', 'them'], ['all of them']],
  ])('several: %j', (words, answers) => {
    expect(wordsToAnswers([choice(true)], words, [])).toEqual(answers);
  });

  it('others by their number', () => {
    expect(wordsToAnswers([choice(), choice(true)], ['1'], ['2', 'Blue,Green'])).toEqual([
      ['Red, dark'],
      ['Blue', 'Green'],
    ]);
  });

  it('a number that is no option, a question that is none, one left without an answer', () => {
    for (const [words, to] of [
      [['4'], []],
      [['1'], ['2', 'x']],
      [[], []],
    ] as const) {
      expect(() => wordsToAnswers([choice()], words, to)).toThrow(expect.objectContaining({ code: 'BAD_ANSWER' }));
    }
    expect(() => wordsToAnswers([choice()], ['1'], ['2'])).toThrow(expect.objectContaining({ code: 'USAGE' }));
  });
});
