/** Requests that are made to hide what would run, to act on the terminal of whoever reads them, or to harm the daemon. */
import { Chalk } from 'chalk';
import { describe, expect, it } from 'vitest';
import { parsePermissionRequest } from '../../../../src/claude/hooks/permission.ts';
import { questionLine } from '../../../../src/cli/questions/question-target.ts';
import { showQuestion } from '../../../../src/cli/questions/show-question.ts';
import type { Question } from '../../../../src/protocol/question.ts';
import { verifies } from '../../../requirements.ts';
import { livingProcess, QuestionScene } from '../../../support/question-scene.ts';

/** All that a terminal acts on or does not show, newlines aside. */
const hidden = /[^\P{C}\n]|\p{Zl}|\p{Zp}/u;
const parse = (fields: Record<string, unknown>) =>
  parsePermissionRequest({ hook_event_name: 'PermissionRequest', tool_name: 'Bash', ...fields });

/** As the daemon is told: JSON. */
function asked(scene: QuestionScene, text: string): Question {
  const request = parsePermissionRequest(JSON.parse(text));
  const { id } = scene.asks(request!, { ...livingProcess(), startTime: `${scene.told.length}` });
  return scene.questions.get(id)!;
}

function expectSafe(question: Question): string {
  const whole = showQuestion(question, { chalk: new Chalk({ level: 0 }), now: question.askedAt, isWhole: true });
  const listed = showQuestion(question, { chalk: new Chalk({ level: 0 }), now: question.askedAt, isWhole: false });
  for (const text of [whole, listed, questionLine(question)]) expect(text).not.toMatch(hidden);
  return whole;
}

describe('hostile requests', () => {
  it(`nothing in them hides or acts on a terminal, and all of it is shown ${verifies('question-shown-safely')}`, () => {
    const scene = new QuestionScene();
    const nasty = 'a\x1b]0;own\x07b\x1b[2Jc\u202ed\u2066e\u200bf\rg\u0000h\u009bi\ud800j\u{e0041}k\u2028l';
    const text = JSON.stringify({
      hook_event_name: 'PermissionRequest',
      tool_name: `Ba\x1b[2Jsh`,
      tool_input: { [`key${nasty}`]: nasty, nested: { [nasty]: [nasty] }, command: nasty },
      permission_suggestions: [{ type: 'addRules', rules: [{ toolName: nasty, ruleContent: nasty }] }, nasty, null, 7],
      agent_id: nasty,
      agent_type: nasty,
    });
    const whole = expectSafe(asked(scene, text));
    for (const letter of 'abcdefghijkl') expect(whole).toContain(letter);
    for (const code of ['1B', '7', '202E', '2066', '200B', 'D', '0', '9B', 'D800', 'E0041', '2028']) {
      expect(whole).toContain(`⟨U+${code.padStart(4, '0')}⟩`);
    }
  });

  it(`a line of 100 kB is there to its last character; a list says where the rest is ${verifies('question-shown-safely')}`, () => {
    const scene = new QuestionScene();
    const command = `echo ${'x'.repeat(100_000)}; rm -rf /`;
    const question = asked(
      scene,
      JSON.stringify({ hook_event_name: 'PermissionRequest', tool_name: 'Bash', tool_input: { command } }),
    );
    expect(expectSafe(question)).toContain(command);
    const listed = showQuestion(question, { chalk: new Chalk({ level: 0 }), now: 0, isWhole: false });
    expect(listed).toContain(`… ${command.length - 400} more characters: claudex waiting ${question.id}`);
  });

  it(`__proto__ and constructor are keys like others, also in an answer ${verifies('question-shown-safely')}`, async () => {
    const scene = new QuestionScene();
    const input =
      '{"__proto__":{"isAdmin":true},"constructor":"c","questions":[{"question":"__proto__","header":"h","options":[{"label":"yes"}]}]}';
    const { id, shown } = asked(
      scene,
      `{"hook_event_name":"PermissionRequest","tool_name":"AskUserQuestion","tool_input":${input}}`,
    );
    expect(shown).toContain('__proto__');
    expect(shown).toContain('isAdmin');
    void scene.answer(id, { decision: 'answer', answers: [['yes']] }).catch(() => undefined);
    expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined();
    expect(scene.questions.get(id)!.state).toBe('answered');
    scene.questions.sessionGone(scene.session);
  });

  it(`what nests deeper than any tool's input is not asked, and what is wide is not blown up ${verifies('question-shown-safely')}`, () => {
    const deep = (levels: number) => JSON.parse(`{"a":${'['.repeat(levels)}${']'.repeat(levels)}}`) as object;
    expect(parse({ tool_input: deep(5000) })).toBeUndefined();
    const scene = new QuestionScene();
    const wide = `${'['.repeat(90)}${Array.from({ length: 200_000 }, () => 0).join(',')}${']'.repeat(90)}`;
    const { shown } = asked(
      scene,
      `{"hook_event_name":"PermissionRequest","tool_name":"X","tool_input":{"a":${wide}}}`,
    );
    expect(shown.length).toBeLessThan(2 * wide.length);
  });

  it(`ten thousand requests, and megabytes of them: a bounded part is held, and nothing once it is over ${verifies('question-shown-safely')}`, () => {
    const scene = new QuestionScene();
    const ask = (serial: number, command: string): boolean => {
      const request = parse({ tool_input: { command } })!;
      try {
        scene.asks(request, { ...livingProcess(), startTime: `${serial}` });
        return true;
      } catch {
        return false; // it stays in its terminal
      }
    };
    const held = (): number =>
      scene.questions.all().reduce((sum, one) => sum + one.shown.length + JSON.stringify(one.input).length, 0);
    expect(ask(0, 'x'.repeat(2_000_000))).toBe(false);
    const count = (serials: number, command: string): number => {
      let taken = 0;
      for (let serial = 1; serial <= serials; serial++) if (ask(serial, `${serial}${command}`)) taken++;
      return taken;
    };
    expect(count(100, '\u202e'.repeat(100_000))).toBeGreaterThan(10);
    expect(held()).toBeLessThanOrEqual(1.1 * (1 << 25));
    scene.questions.sessionGone(scene.session);
    expect(count(10_000, '')).toBe(1000);
    scene.told.length = 0;
    scene.questions.sessionGone(scene.session);
    expect(scene.questions.all()).toEqual([]);
    expect(scene.questions.all({ ended: 10_000 })).toHaveLength(500);
    expect(scene.questions.all({ ended: 10_000 }).every(({ input, shown }) => input === null && shown === '')).toBe(
      true,
    );
    expect(ask(1, 'ls')).toBe(true);
  });
});
