import { Chalk } from 'chalk';
import { describe, expect, it } from 'vitest';
import type { Turn } from '../../../../src/claude/transcript/turn.ts';
import { hitLines, localTime, turnText } from '../../../../src/cli/text/render-turn.ts';
import { printable } from '../../../../src/protocol/sanitise.ts';
import { verifies } from '../../../requirements.ts';

const style = { chalk: new Chalk({ level: 0 }), wholeTools: false };
const tool = {
  kind: 'tool' as const,
  id: 't1',
  name: 'Bash',
  input: { command: 'npm test\nnpm run lint' },
  result: 'fine\n',
  resultBytes: 5,
  isError: false,
};

function turn(more: Partial<Turn> = {}): Turn {
  return {
    index: 12,
    promptId: 'p',
    startedAt: null,
    endedAt: null,
    origin: 'person',
    prompt: 'do the tests pass?',
    steps: [{ kind: 'text', text: 'Running them.' }, tool, { kind: 'text', text: 'They do.' }],
    answer: 'They do.',
    outcome: 'answered',
    compactedBefore: false,
    ...more,
  };
}

const hostile = '\x1b]0;title\x07\x1b[2J\x1bPq\x1b\\a\x00\x08\x7f\x9b31mb\u202ec\rd\x1b]52;c;aGk=\x1b\\';

describe('turns as text', () => {
  it('number, speaker, prompt, steps', () => {
    expect(turnText(turn(), style)).toBe(
      '── 12 · you\n> do the tests pass?\n\nRunning them.\n\n  Bash  npm test…  5 B\nThey do.\n',
    );
  });

  it('tools whole', () => {
    const text = turnText(turn({ steps: [tool] }), { ...style, wholeTools: true });
    expect(text).toContain('    {\n      "command": "npm test\n');
    expect(text).toContain('    fine\n');
  });

  it('what went wrong, and what was put in', () => {
    const failed = { ...tool, isError: true, result: null };
    const steps = [failed, { kind: 'added' as const, by: 'hook' as const, text: 'a\nb' }];
    expect(turnText(turn({ steps, outcome: 'interrupted', compactedBefore: true }), style)).toBe(
      '(conversation compacted)\n── 12 · you\n> do the tests pass?\n\n  Bash  npm test…  failed, no result\n(put in by a hook)\n| a\n| b\n\n(interrupted)\n',
    );
    expect(turnText(turn({ outcome: 'failed' }), style)).toContain('(failed)');
    expect(turnText(turn({ outcome: 'open' }), style)).toContain('(no end yet)');
  });

  it('times of this computer', () => {
    expect(localTime('2026-11-21T15:16:37.224Z')).toMatch(/^2026-11-2[0-2] \d\d:\d6:37$/);
    for (const none of [null, '', 'yesterday']) expect(localTime(none)).toBe('');
  });
});

describe(`hostile words ${verifies('history-terminal')}`, () => {
  const controls = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/;

  it('cannot act on the terminal from any place', () => {
    const nasty = turn({
      prompt: hostile,
      answer: hostile,
      steps: [
        { kind: 'text', text: hostile },
        { ...tool, name: hostile, input: { [hostile]: [hostile] }, result: hostile },
        { kind: 'added', by: 'queue', text: hostile },
      ],
    });
    for (const wholeTools of [false, true]) expect(turnText(nasty, { ...style, wholeTools })).not.toMatch(controls);
    expect(printable(hostile)).toBe('abc\nd');
  });

  it('nor from a hit, whose matches stay marked where they are', () => {
    const chalk = new Chalk({ level: 1 });
    const text = `x${hostile}needle y`;
    const start = text.indexOf('needle');
    const lines = hitLines(
      {
        sessionId: 's',
        path: 'p',
        cwd: null,
        turn: 3,
        at: null,
        where: 'tool-input',
        tool: hostile,
        text,
        matches: [[start, start + 6]],
        before: [hostile],
        after: [hostile],
      },
      chalk,
    );
    expect(lines).toContain(chalk.bold.red('needle'));
    expect(lines.replaceAll(/\x1b\[\d+m/g, '')).not.toMatch(controls);
  });
});
