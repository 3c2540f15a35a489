import { Chalk } from 'chalk';
import { describe, expect, it } from 'vitest';
import { sessionTable, table } from '../../../../src/cli/text/render.ts';
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
