import { describe, expect, it } from 'vitest';
import { nearestWord } from '../../../../src/cli/start/nearest-word.ts';
import { ownCommands } from '../../../../src/cli/start/own-commands.ts';

describe('the word that was meant', () => {
  it.each([
    ['lsit', 'list'],
    ['lst', 'list'],
    ['lists', 'list'],
    ['snd', 'send'],
    ['stauts', 'status'],
    ['serch', 'search'],
    ['instal', 'install'],
  ])('%s is %s', (word, meant) => {
    expect(nearestWord(word, ownCommands)).toBe(meant);
  });

  it.each(['mcp', 'update', 'doctor', 'agents', 'plugin', 'hello', 'fix the tests', '-p', 'list'])(
    '%s is nothing',
    (word) => {
      expect(nearestWord(word, ownCommands)).toBeUndefined();
    },
  );
});
