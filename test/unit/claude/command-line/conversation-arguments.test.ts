import { describe, expect, it } from 'vitest';
import { conversationChoice, withoutConversation } from '../../../../src/claude/command-line/conversation-arguments.ts';

const id = '0b9d9f9e-5f0e-4a39-8a4e-3b1f1f2d7c55';

describe('what chooses the conversation', () => {
  it.each([
    [[], false, null],
    [['--model', 'opus'], false, null],
    [['--resume', id], true, id],
    [['-r', id, '--model', 'opus'], true, id],
    [[`--resume=${id}`], true, id],
    [['--session-id', id], true, id],
    [['--resume', id, '--fork-session'], true, null],
    [['--resume'], true, null],
    [['--resume', 'a name'], true, null],
    [['-c'], true, null],
    [['--append-system-prompt', '--continue'], false, null],
  ] as const)('%j', (args, chooses, expected) => {
    expect(conversationChoice(args)).toEqual({ chooses, id: expected });
  });

  it.each([
    [
      ['--model', 'opus', '--resume', id],
      ['--model', 'opus'],
    ],
    [['-c', '--verbose'], ['--verbose']],
    [
      ['do the work', '--model', 'opus'],
      ['--model', 'opus'],
    ],
    [
      ['--model', 'opus', '--', '-starts with a dash'],
      ['--model', 'opus'],
    ],
    [
      ['--add-dir', '/a', '/b', '--permission-mode', 'plan'],
      ['--add-dir', '/a', '/b', '--permission-mode', 'plan'],
    ],
    [
      ['--resume', '--model', 'opus'],
      ['--model', 'opus'],
    ],
    [[`--resume=${id}`, '--model=opus'], ['--model=opus']],
    [['--session-id', id, '--fork-session', 'x'], []],
  ])('is left out of %j when it is opened again', (args, kept) => {
    expect(withoutConversation(args)).toEqual(kept);
  });
});
