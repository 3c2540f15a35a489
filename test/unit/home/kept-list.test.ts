import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parsePersisted } from '../../../src/daemon/sessions/persisted-session.ts';
import { readKeptList } from '../../../src/home/kept-list.ts';
import { reportFailuresTo } from '../../../src/process/guard.ts';

const parse = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined);

describe('lists that we keep', () => {
  let dir: string;
  let path: string;
  const said: string[] = [];
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'cxt-kept-'));
    path = join(dir, 'list.json');
    said.length = 0;
    reportFailuresTo((_error, what) => said.push(what));
  });
  afterEach(() => {
    reportFailuresTo(undefined);
    rmSync(dir, { recursive: true, force: true });
  });

  it('are read', () => {
    writeFileSync(path, '{"version":1,"list":[1,2]}');
    expect(readKeptList(path, 'list', parse)).toEqual([1, 2]);
    expect(said).toEqual([]);
  });

  it('are empty without a file, and nothing is said', () => {
    expect(readKeptList(path, 'list', parse)).toEqual([]);
    expect(said).toEqual([]);
  });

  it.each(['{"list":{}}', '{}', 'null', '17', '[]', '"x"', '{"list":', ''])(
    'of another shape are set aside: %s',
    (text) => {
      writeFileSync(path, text);
      expect(readKeptList(path, 'list', parse)).toEqual([]);
      expect(readdirSync(dir)).toEqual(['list.json.damaged']);
      expect(readFileSync(`${path}.damaged`, 'utf8')).toBe(text);
      expect(said).toEqual([`damaged ${path}`]);
    },
  );

  it('give the entries that are right', () => {
    writeFileSync(path, '{"list":[1,null,{},2]}');
    expect(readKeptList(path, 'list', parse)).toEqual([1, 2]);
    expect(readdirSync(dir)).toEqual(['list.json.damaged']);
  });

  it('that cannot be read are none, and that is said', () => {
    mkdirSync(path);
    expect(readKeptList(path, 'list', parse)).toEqual([]);
    expect(said).toEqual([`unreadable ${path}`]);
  });
});

describe('a session that an earlier daemon wrote down', () => {
  const whole = { id: 'a', pid: 1, startTime: '1', cwd: '/a', configDir: '/c', startedAt: 1, lastActiveAt: 1 };

  it('is taken with what earlier versions called otherwise', () => {
    expect(parsePersisted({ ...whole, sessionId: 'c1' })).toMatchObject({ id: 'a', claudeSessionId: 'c1' });
    expect(parsePersisted(whole)).toMatchObject({ claudeSessionId: null });
  });

  it.each([
    null,
    17,
    [],
    {},
    { ...whole, id: undefined },
    { ...whole, pid: '1' },
    { ...whole, pid: -1 },
    { ...whole, cwd: 3 },
    { ...whole, startedAt: 1e300 },
    { ...whole, transcriptPath: {} },
  ])('is refused when it is no such thing: %j', (value) => {
    expect(parsePersisted(value)).toBeUndefined();
  });
});
