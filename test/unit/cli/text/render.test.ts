import { Chalk } from 'chalk';
import { describe, expect, it } from 'vitest';
import { age, colours, sessionTable, shortPath, table, wrapped } from '../../../../src/cli/text/render.ts';
import type { SessionRecord } from '../../../../src/protocol/session.ts';

const plain = new Chalk({ level: 0 });

function aSession(cwd: string, name: string): SessionRecord {
  return {
    id: 'k7m2p9qd',
    name,
    cwd,
    alias: null,
    claudeName: null,
    state: 'idle',
    waitingFor: null,
    kind: 'interactive',
    supervised: true,
    pending: 0,
    startedAt: new Date(0).toISOString(),
  } as unknown as SessionRecord;
}

describe('tables', () => {
  it('a row is one line, and nothing in a folder’s name acts on the terminal', () => {
    const text = sessionTable([aSession('/work/a\nb\x1b[31mred\x07', 'a\nb')], plain, 0);
    expect(text.split('\n')).toHaveLength(2);
    expect(text).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f]/);
    expect(text).toContain('/work/a bred');
  });

  it('columns stand under each other where letters are two cells wide, or none', () => {
    const names = ['api', '日本語フォルダ', 'ｆｕｌｌ', '한국어', 'e\u0301te\u0301', '🚀 go', 'naïve'];
    const [header, ...lines] = table(
      ['NAME', 'X'],
      names.map((name) => [name, '|']),
      (cell) => cell,
    ).split('\n');
    expect(header).toBe(`NAME${' '.repeat(12)}X`);
    const cells = [3, 14, 8, 6, 3, 5, 5];
    expect(lines).toEqual(names.map((name, index) => `${name}${' '.repeat(16 - cells[index]!)}|`));
  });
});

describe('words in lines', () => {
  it('are as many in each as fit behind the indent, and one that is too long has its own', () => {
    expect(wrapped('one two three four', 10, '  ')).toBe('  one two\n  three\n  four');
    expect(wrapped('a incomprehensibilities b', 10, '  ')).toBe('  a\n  incomprehensibilities\n  b');
    expect(wrapped('', 10, '  ')).toBe('  ');
  });
});

describe('text for people', () => {
  const plain = (cell: string) => cell;

  it('pads columns before colour and trims the end', () => {
    expect(
      table(
        ['A', 'B'],
        [
          ['long', 'x'],
          ['s', ''],
        ],
        plain,
      ),
    ).toBe('A     B\nlong  x\ns');
    expect(table(['A', 'B'], [['x', 'y']], (cell) => `<${cell}>`)).toBe('<A>  <B>\n<x>  <y>');
  });

  it('ages', () => {
    const at = new Date(0).toISOString();
    expect([0, 59, 60, 3599, 3600, 86399, 86400, 200000].map((s) => age(at, s * 1000))).toEqual([
      '0s',
      '59s',
      '1m',
      '59m',
      '1h',
      '23h',
      '1d',
      '2d',
    ]);
    expect(age(new Date(5000).toISOString(), 0)).toBe('0s');
  });

  it('shortens the home folder and only it', () => {
    expect(['/h/u', '/h/u/x', '/h/ux', '/x'].map((path) => shortPath(path, '/h/u'))).toEqual([
      '~',
      '~/x',
      '/h/ux',
      '/x',
    ]);
  });

  it('takes out of a folder’s name what would act on the terminal', () => {
    expect(shortPath('/h/u/a\x1b]0;title\x07b\x1b[2Jc\u202e', '/h/u')).toBe('~/abc');
  });

  it('colours a terminal, not a pipe, not with NO_COLOR, not a dumb one', () => {
    expect(colours({ isTTY: true }, {}).red('x')).not.toBe('x');
    expect(colours({}, {}).red('x')).toBe('x');
    expect(colours({ isTTY: true }, { NO_COLOR: '1' }).red('x')).toBe('x');
    expect(colours({ isTTY: true }, { TERM: 'dumb' }).red('x')).toBe('x');
  });

  it('says that nobody is live', () => {
    expect(sessionTable([], colours({}))).toMatch(/^No live sessions/);
  });
});
