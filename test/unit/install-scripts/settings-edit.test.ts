import { type ParseError, parse } from 'jsonc-parser';
import { expect, test } from 'vitest';
import { addClaudexEntries, removeClaudexEntries, wrappedCommand } from '../../../install-scripts/settings-edit.ts';
import {
  claudexSettings,
  hookEvents,
  isClaudexCommand,
  statusLineCommand,
} from '../../../src/claude/hooks/hook-settings.ts';
import { ClaudexError } from '../../../src/errors/claudex-error.ts';

const location = { hooksDir: '/tmp/it\'s a "home" dir/.claudex/hooks', home: '/tmp/it\'s a "home" dir/.claudex' };
const entries = claudexSettings(location);
const older = claudexSettings({ hooksDir: '/old place/hooks', home: '/old place' });

function add(text: string, wrapStatusline = false) {
  return addClaudexEntries(text, entries, { wrapStatusline });
}

interface Settings {
  hooks: Record<string, Array<{ matcher?: string; hooks: Array<{ type: string; command: string; timeout?: number }> }>>;
  statusLine: { type: string; command: string; padding?: number };
}

function read(text: string): Settings {
  const errors: ParseError[] = [];
  const value = parse(text.replace(/^\uFEFF/, ''), errors, { allowTrailingComma: true });
  expect(errors).toEqual([]);
  return value;
}

function ownCommands(text: string, event: string): string[] {
  return (read(text).hooks[event] ?? []).flatMap((group) => group.hooks.map((h) => h.command)).filter(isClaudexCommand);
}

const inputs: Record<string, string> = {
  'empty object': '{}',
  'empty object and newline': '{}\n',
  'two spaces': '{\n  "model": "opus"\n}\n',
  'four spaces': '{\n    "model": "opus",\n    "env": {\n        "A": "1"\n    }\n}\n',
  tabs: '{\n\t"model": "opus",\n\t"permissions": {\n\t\t"allow": []\n\t}\n}\n',
  'no indent': '{\n"model": "opus"\n}',
  CRLF: '{\r\n  "model": "opus", // mine\r\n  "env": {}\r\n}\r\n',
  BOM: '\uFEFF{\n  "model": "opus"\n}\n',
  'BOM and CRLF': '\uFEFF{\r\n\t"model": "opus"\r\n}',
  'no trailing newline': '{\n  "model": "opus"\n}',
  minified: '{"model":"opus","env":{"A":"1"}}',
  'one line with spaces': '{ "model": "opus" }\n',
  'comments everywhere':
    '// top\n{\n  // before\n  "model": "opus", /* beside */\n  "env": {} // last\n  // "hooks": {}\n}\n// end\n',
  'comment after the last value': '{\n  "a": 1 // one\n}\n',
  'comment only inside': '{\n  // nothing yet\n}\n',
  'trailing comma': '{\n  "a": 1,\n}\n',
  'own hooks':
    '{\n  "hooks": {\n    "Stop": [\n      {\n        "hooks": [\n          { "type": "command", "command": "say done" } // ping\n        ]\n      }\n    ],\n    "PreToolUse": [{ "matcher": "Bash", "hooks": [] }]\n  },\n  "model": "opus"\n}\n',
  'own hooks, minified': '{"hooks":{"Stop":[{"hooks":[{"type":"command","command":"say done"}]}]},"model":"opus"}',
  'own hooks with trailing commas': '{\n  "hooks": {\n    "Stop": [\n      { "hooks": [], },\n    ],\n  },\n}\n',
  'own hooks on one line': '{\n  "hooks": {"Stop": [{"hooks": [{"type": "command", "command": "x"}]}]}\n}\n',
  'empty hooks': '{\n  "hooks": {},\n  "model": "opus"\n}\n',
  'empty event': '{\n  "hooks": {\n    "Stop": []\n  }\n}\n',
  'own status line':
    '{\n  "statusLine": {\n    "type": "command",\n    "command": "~/bar.sh",\n    "padding": 0\n  }\n}\n',
  'status line, quotes': `{"statusLine":{"type":"command","command":"printf '%s' \\"it's\\" '\\\\''"}}`,
  'odd values': '{\n  "unicode": "\\u00e9é😀",\n  "number": 1.0e3,\n  "deep": [[{}]]\n}\n',
  'duplicate keys': '{\n  "hooks": {},\n  "hooks": {\n    "Stop": []\n  }\n}\n',
};

for (const [name, input] of Object.entries(inputs)) {
  for (const wrap of [false, true]) {
    const what = `${name}${wrap ? ', wrapped' : ''}`;

    test(`${what}: in, in again, and out leaves every byte`, () => {
      const added = add(input, wrap);
      for (const event of hookEvents)
        expect(ownCommands(added.text, event)).toEqual(entries.hooks[event]!.map((group) => group.hooks[0]!.command));
      expect(added.text).not.toBe(input);
      expect(add(added.text, wrap).text).toBe(added.text);
      expect(removeClaudexEntries(added.text, { before: added.before }).text).toBe(input);
    });

    test(`${what}: every line of the user stays as it was`, () => {
      const lines = new Set(add(input, wrap).text.split('\n').map(bare));
      const replaced = (line: string) => wrap && line.includes('"command": "~/bar.sh"');
      // a one-line file, and an empty or one-line container, is opened; all else keeps its line
      const kept = input
        .split('\n')
        .map(bare)
        .filter((line) => line !== '' && !/[{[].*[}\]]/.test(line) && !replaced(line));
      for (const line of kept) expect(lines).toContain(line);
    });

    test(`${what}: line ends and indentation are those of the file`, () => {
      const { text } = add(input, wrap);
      if (input.includes('\r\n')) expect(text.replaceAll('\r\n', '')).not.toContain('\n');
      else expect(text).not.toContain('\r');
      if (!input.trim().includes('\n') && input.trim() !== '{}') expect(text.trim()).not.toContain('\n');
      expect(text.startsWith('\uFEFF')).toBe(input.startsWith('\uFEFF'));
      expect(text.endsWith('\n')).toBe(input.endsWith('\n'));
    });

    test(`${what}: older entries are brought up to date, not doubled`, () => {
      const old = addClaudexEntries(input, older, { wrapStatusline: wrap });
      const updated = add(old.text, wrap);
      expect(updated.text).not.toContain('/old place');
      expect(updated.text).toBe(add(input, wrap).text);
    });
  }
}

function bare(line: string): string {
  return line
    .replace(/\r$/, '')
    .replace(/,$/, '')
    .replace(/,(\s*(\/\/|\/\*))/, '$1');
}

test('tabs and four spaces are used for what is put in', () => {
  expect(add(inputs.tabs!).text).toContain('\n\t"hooks": {\n\t\t"SessionStart": [\n\t\t\t{');
  expect(add(inputs['four spaces']!).text).toContain('\n    "hooks": {\n        "SessionStart": [\n            {');
});

test('a comment after the last value stays with that value', () => {
  expect(add('{\n  "a": 1 // one\n}\n').text).toMatch(/^\{\n {2}"a": 1, \/\/ one\n {2}"hooks": \{/);
});

test('blank text becomes a new object with two spaces and a newline', () => {
  for (const blank of ['', '\n', '  ']) {
    expect(add(blank).text).toBe(
      `${JSON.stringify({ hooks: entries.hooks, statusLine: entries.statusLine }, null, 2)}\n`,
    );
  }
  expect(add('\uFEFF').text.startsWith('\uFEFF{\n  "hooks"')).toBe(true);
  expect(removeClaudexEntries(add('').text)).toEqual({ text: '{}\n', empty: true });
});

test('hooks of the user stay in front of ours', () => {
  const groups = read(add(inputs['own hooks']!).text).hooks;
  expect(groups.Stop!.map((group) => group.hooks[0]!.command)).toEqual([
    'say done',
    ...entries.hooks.Stop!.map((group) => group.hooks[0]!.command),
  ]);
  expect(groups.PreToolUse).toEqual([{ matcher: 'Bash', hooks: [] }]);
});

test('without a record, what our entries leave empty goes', () => {
  expect(removeClaudexEntries(add(inputs['empty hooks']!).text).text).toBe('{\n  "model": "opus"\n}\n');
});

test('handlers the user put into our group stay, ours go', () => {
  const value = read(add('{}').text);
  value.hooks.Stop![0]!.hooks.push({ type: 'command', command: 'mine' });
  const removed = removeClaudexEntries(JSON.stringify(value, null, 2)).text;
  expect(read(removed)).toEqual({ hooks: { Stop: [{ hooks: [{ type: 'command', command: 'mine' }] }] } });
});

test('our entries in another layout and key order are up to date as they are', () => {
  const reordered = JSON.stringify(read(add('{}').text), (_key, value) =>
    value !== null && typeof value === 'object' && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).reverse())
      : value,
  );
  for (const text of [reordered, JSON.stringify(JSON.parse(reordered), null, 7)]) expect(add(text).text).toBe(text);
});

test('ours in an event we no longer use, twice, or behind a matcher is replaced by one', () => {
  const [group] = older.hooks.Stop!;
  const text = JSON.stringify({
    hooks: {
      PreToolUse: [group],
      Stop: [{ matcher: 'x', ...group }, group, group],
      SessionEnd: [{ matcher: 'x', ...group }],
    },
  });
  const updated = read(add(text).text);
  expect(Object.keys(updated.hooks).sort()).toEqual([...hookEvents].sort());
  for (const event of hookEvents) expect(updated.hooks[event]).toEqual(entries.hooks[event]);
});

test('a comment in front of what is taken out does not swallow what follows', () => {
  const ours = JSON.stringify({ hooks: entries.hooks }).slice(1, -1);
  expect(removeClaudexEntries(`{"a": 1, // one\n  ${ours} }`).text).toBe('{"a": 1 // one\n  }');
  expect(removeClaudexEntries(`{ // none\n  ${ours}, "a": 1 }`).text).toBe('{ // none\n  "a": 1 }');
  expect(removeClaudexEntries(`{"a": 1,\n  ${ours}, // was ours\n  "b": 2\n}`).text).toBe(
    '{"a": 1,\n  // was ours\n  "b": 2\n}',
  );
});

test('a status line of the user is kept and a note says what to do', () => {
  const kept = add(inputs['own status line']!);
  expect(read(kept.text).statusLine).toEqual({ type: 'command', command: '~/bar.sh', padding: 0 });
  expect(kept.notes).toEqual([expect.stringContaining('--wrap-statusline')]);
  expect(add('{}').notes).toEqual([]);
});

test('a wrapped status line carries the command of the user and keeps its other keys', () => {
  const wrapped = add(inputs['own status line']!, true);
  expect(read(wrapped.text).statusLine).toEqual({
    type: 'command',
    command: statusLineCommand(location, '~/bar.sh'),
    padding: 0,
  });
  expect(wrapped.notes).toEqual([]);
  expect(wrapped.before.statusLine).toEqual({ type: 'command', command: '~/bar.sh', padding: 0 });
  expect(add(wrapped.text, false).text).toBe(wrapped.text);
});

test('a status line into which the user has built ours is the user’s: it stays', () => {
  const ours = statusLineCommand(location);
  for (const command of [`~/bar.sh; ${ours}`, `${ours} | tr a-z A-Z`, `(${ours})`, `echo "$(${ours})"`]) {
    const text = JSON.stringify({ statusLine: { type: 'command', command } });
    const added = add(text);
    expect(read(added.text).statusLine.command).toBe(command);
    expect(removeClaudexEntries(added.text, { before: added.before }).text).toBe(text);
  }
});

test('the command inside a wrapped one is found whatever it holds', () => {
  for (const command of ["it's", "''", "a'\\''b", 'line\nbreak', "x '/claudex-statusline' 'y'", '\\', '$HOME "`x`"']) {
    expect(wrappedCommand(statusLineCommand(location, command))).toBe(command);
  }
  expect(wrappedCommand(statusLineCommand(location))).toBeUndefined();
});

test('a status line of ours that names no command of the user gets the recorded one back', () => {
  const { text } = add('{}');
  const before = { statusLine: { type: 'command', command: '~/bar.sh' }, emptyContainers: [] };
  expect(read(removeClaudexEntries(text, { before }).text).statusLine.command).toBe('~/bar.sh');
});

test('a status line without a command cannot be wrapped and stays', () => {
  for (const statusLine of ['null', '"x"', '{}', '{"type":"command","command":""}']) {
    const result = add(`{"statusLine":${statusLine}}`, true);
    expect(JSON.stringify(read(result.text).statusLine)).toBe(statusLine);
    expect(result.notes).toHaveLength(1);
  }
});

test('disableAllHooks is named', () => {
  expect(add('{"disableAllHooks":true}').notes).toEqual([expect.stringContaining('disableAllHooks')]);
});

test('text without our entries comes out as it went in', () => {
  for (const input of [...Object.values(inputs), '', '\n']) expect(removeClaudexEntries(input).text).toBe(input);
});

const broken: Array<[text: string, where: string]> = [
  ['{\n  "a": \n}', 'f.json:3:1'],
  ['{"a":1', 'f.json:1:7'],
  ['[]', 'f.json:1:1'],
  ['"x"', 'f.json:1:1'],
  ['// only a comment', 'f.json:1:'],
  ['{"a":1} trailing', 'f.json:1:9'],
  ['{\n  "hooks": []\n}', 'f.json:2:12'],
  ['{"hooks":null}', 'f.json:1:10'],
  ['{"hooks":{"Stop":{}}}', 'f.json:1:18'],
  ['<<<<<<< HEAD\n{}', 'f.json:1:1'],
];
for (const [text, where] of broken) {
  test(`refused, with the place: ${JSON.stringify(text)}`, () => {
    const attempts = [
      () => addClaudexEntries(text, entries, { wrapStatusline: false, file: 'f.json' }),
      () => removeClaudexEntries(text, { file: 'f.json' }),
    ];
    for (const attempt of attempts) {
      expect(attempt).toThrow(ClaudexError);
      expect(attempt).toThrow(
        expect.objectContaining({ code: 'USER_SETTINGS_UNREADABLE', facts: expect.stringContaining(where) }),
      );
    }
  });
}
