import { Chalk } from 'chalk';
import { describe, expect, it } from 'vitest';
import { showInTerminal, showQuestion } from '../../../../src/cli/questions/show-question.ts';
import { aQuestion } from '../../../support/a-question.ts';
import { aRecord } from '../../../support/daemon-stand-in.ts';

const options = { chalk: new Chalk({ level: 0 }), now: 100_000, isWhole: false };

describe('a question for a person to read', () => {
  it('says what would run, and the commands that answer it', () => {
    const question = aQuestion({ suggestions: [{ text: 'allow Bash(npm test:*) in this project, for you' }] });
    expect(showQuestion(question, options)).toBe(
      [
        'q-anwmzs  api wants to use Bash  /work/api, 10 s ago',
        '  npm test',
        '  claudex approve q-anwmzs',
        '  claudex deny q-anwmzs "why"',
        '  --always=1: allow Bash(npm test:*) in this project, for you',
      ].join('\n'),
    );
  });

  it('cuts nothing without saying where the rest is', () => {
    const long = aQuestion({ shown: `${'x'.repeat(100_000)}\n${'line\n'.repeat(50)}rm` });
    const listed = showQuestion(long, options);
    expect(listed).toContain(`${'x'.repeat(400)} … 99600 more characters: claudex waiting q-anwmzs`);
    expect(listed).toContain('… 40 more lines: claudex waiting q-anwmzs');
    const whole = showQuestion(long, { ...options, isWhole: true });
    expect(whole).toContain('x'.repeat(100_000));
    expect(whole).toContain('\n  rm\n');
  });

  it('names the only place where some can be answered', () => {
    expect(showQuestion(aQuestion({ remote: false, reason: 'its hook was ended' }), options)).toContain(
      '\n  only in its terminal: its hook was ended',
    );
  });

  it('of one that is over it says what became of it, and offers no answer', () => {
    const over = aQuestion({
      state: 'answered',
      remote: false,
      input: null,
      shown: '',
      endedAt: 98_000,
      via: 'terminal',
    });
    expect(showQuestion(over, { ...options, isWhole: true })).toBe(
      'q-anwmzs  api wanted to use Bash  /work/api, 10 s ago\n  Answered in the terminal 2 s ago.',
    );
  });

  it('names a session that waits in its terminal alone, and where that is', () => {
    const session = aRecord({
      id: 'k7m2p9qd',
      name: 'api',
      cwd: '/work/api\x07',
      state: 'waiting',
      waitingFor: 'trust',
    });
    expect(showInTerminal({ ...session, supervised: true }, options)).toBe(
      'k7m2p9qd  api waits  /work/api\n  trust\n  only in its terminal: claudex attach k7m2p9qd',
    );
    expect(showInTerminal({ ...session, supervised: false }, options)).toMatch(/\n {2}only in its terminal$/);
  });

  it('nothing of a session’s name or folder acts on the terminal', () => {
    const text = showQuestion(aQuestion({ name: '\x1b[2Ja\u202e', cwd: '/work/\x1b]0;x\x07\n' }), options);
    expect(text).not.toMatch(/[\x00-\x09\x0b-\x1f\u202e]/);
  });
});
