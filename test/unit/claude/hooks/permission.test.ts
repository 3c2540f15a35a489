import { describe, expect, it } from 'vitest';
import {
  allowReply,
  answersReply,
  askedChoices,
  denyReply,
  parsePermissionRequest,
  suggestionText,
} from '../../../../src/claude/hooks/permission.ts';

const payload = (fields: Record<string, unknown> = {}) => ({
  hook_event_name: 'PermissionRequest',
  session_id: 's',
  tool_name: 'Bash',
  tool_input: { command: 'ls' },
  ...fields,
});

describe('the PermissionRequest payload', () => {
  it('is told from other events and from what has no tool', () => {
    expect(parsePermissionRequest(payload())).toEqual({
      tool: 'Bash',
      input: { command: 'ls' },
      suggestions: [],
      agentId: null,
      agentType: null,
    });
    for (const wrong of [null, 7, [], payload({ hook_event_name: 'Stop' }), payload({ tool_name: 7 })]) {
      expect(parsePermissionRequest(wrong)).toBeUndefined();
    }
  });

  it('hostile shapes count as nothing', () => {
    let deep: unknown = 'x';
    for (let level = 0; level < 20_000; level++) deep = [deep];
    expect(parsePermissionRequest(payload({ tool_input: deep, permission_suggestions: 'all' }))).toBeUndefined();
    expect(parsePermissionRequest(payload({ tool_input: ['a'], permission_suggestions: 'all' }))).toMatchObject({
      input: {},
      suggestions: [],
    });
    const request = parsePermissionRequest(
      payload({ tool_name: 'AskUserQuestion', tool_input: { questions: [7, { question: {}, options: 'no' }] } }),
    )!;
    expect(askedChoices(request)).toEqual([
      { question: '[object Object]', header: '', multiSelect: false, options: [] },
    ]);
  });
});

describe('answers', () => {
  const decisionOf = (text: string) => JSON.parse(text).hookSpecificOutput.decision as unknown;

  it('allow echoes the input, and takes a suggestion as it came', () => {
    const rule = { type: 'addRules', rules: [] };
    expect(decisionOf(allowReply({ command: 'ls' }))).toEqual({ behavior: 'allow', updatedInput: { command: 'ls' } });
    expect(decisionOf(allowReply({}, rule))).toEqual({
      behavior: 'allow',
      updatedInput: {},
      updatedPermissions: [rule],
    });
  });

  it('deny has a message, and ends the turn where that is wanted', () => {
    expect(decisionOf(denyReply('no', false))).toEqual({ behavior: 'deny', message: 'no' });
    expect(decisionOf(denyReply('no', true))).toEqual({ behavior: 'deny', message: 'no', interrupt: true });
  });

  it('answers go by the text of the question; labels are joined as claude does it', () => {
    const input = {
      questions: [
        { question: 'Which?', options: [{ label: 'Red, dark' }, { label: 'Blue' }], multiSelect: true },
        { question: '__proto__', options: [] },
      ],
    };
    const request = { tool: 'AskUserQuestion', input, suggestions: [], agentId: null, agentType: null };
    const reply = answersReply(request, [['Red, dark', 'Blue'], 'my own']);
    expect(reply).toContain('"answers":{"Which?":"\\"Red, dark\\", Blue","__proto__":"my own"}');
    expect(decisionOf(answersReply(request, [['Red, dark'], 'x']))).toMatchObject({
      updatedInput: { ...input, answers: { 'Which?': 'Red, dark' } },
    });
  });
});

describe('claude’s suggestions in words', () => {
  it.each([
    [
      {
        type: 'addRules',
        rules: [{ toolName: 'WebFetch', ruleContent: 'domain:a.b' }],
        behavior: 'allow',
        destination: 'localSettings',
      },
      'allow WebFetch(domain:a.b) in this project, for you',
    ],
    [{ type: 'addDirectories', directories: ['/w'], destination: 'session' }, 'allow work in /w in this session'],
    [{ type: 'setMode', mode: 'acceptEdits', destination: 'session' }, 'permission mode acceptEdits in this session'],
    [{ type: 'somethingNew', x: 1 }, '{"type":"somethingNew","x":1}'],
    ['text', '"text"'],
  ])('%j', (suggestion, text) => {
    expect(suggestionText(suggestion)).toBe(text);
  });
});
