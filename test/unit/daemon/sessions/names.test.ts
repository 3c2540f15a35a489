import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Names } from '../../../../src/daemon/sessions/names.ts';
import type { Session } from '../../../../src/daemon/sessions/session.ts';
import { SessionTable } from '../../../../src/daemon/sessions/session-table.ts';
import { verifies } from '../../../requirements.ts';
import { TestClock } from '../../../support/a-clock.ts';

let dir: string;
let path: string;
let table: SessionTable;
let names: Names;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'cxt-names-'));
  path = join(dir, 'names.json');
  table = new SessionTable(new TestClock());
  names = new Names(path, table);
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function started(pid: number, sessionId: string | null): Session {
  const { session } = table.ensure({ pid, startTime: `${pid}`, cwd: `/work/${pid}`, configDir: '/c' });
  if (sessionId !== null) session.conversationIs(sessionId, null);
  names.apply(session);
  return session;
}

/** As a daemon that starts anew: its sessions restored, names read from the disk. */
function restarted(): Names {
  names = new Names(path, table);
  for (const session of table.all()) {
    session.named(null);
    names.apply(session);
  }
  return names;
}

describe(`names ${verifies('session-name')}`, () => {
  it('are not given when they cannot be written down', () => {
    const session = started(1, 'first');
    names.set(session, 'reviewer');
    rmSync(dir, { recursive: true });
    expect(() => names.set(session, 'other')).toThrow('ENOENT');
    expect(() => names.set(session, null)).toThrow('ENOENT');
    expect(session.alias).toBe('reviewer');
    expect(names.all().map((one) => one.alias)).toEqual(['reviewer']);
  });

  it('stay through /clear and a restart of the daemon', () => {
    const session = started(1, 'first');
    names.set(session, 'Reviewer');
    expect(session.alias).toBe('Reviewer');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    session.conversationIs('second', null);
    names.apply(session);
    restarted();
    expect(session.alias).toBe('Reviewer');
    expect(names.all()).toEqual([{ alias: 'Reviewer', id: session.id, sessionId: 'second', cwd: '/work/1' }]);
  });

  it('come back with their conversation, and only with that', () => {
    const session = started(1, 'talk');
    names.set(session, 'reviewer');
    expect(started(2, 'talk').alias).toBeNull(); // the first one lives
    table.remove(session);
    expect(started(3, 'other').alias).toBeNull();
    expect(started(4, null).alias).toBeNull();
    const resumed = started(5, 'talk');
    expect(resumed.alias).toBe('reviewer');
    expect(names.all()).toEqual([expect.objectContaining({ id: resumed.id, sessionId: 'talk' })]);
  });

  it('are unique among the living, whatever the case; the dead give theirs up', () => {
    const [one, two] = [started(1, 'a'), started(2, 'b')];
    names.set(one, 'api');
    expect(() => names.set(two, 'API')).toThrow(expect.objectContaining({ code: 'NAME_TAKEN' }));
    expect(() => names.set(two, one.id)).toThrow(expect.objectContaining({ code: 'NAME_TAKEN' }));
    names.set(one, 'Api'); // its own
    table.remove(one);
    names.set(two, 'api');
    expect(names.all().map((entry) => [entry.alias, entry.id])).toEqual([['api', two.id]]);
  });

  it('one for each session; null takes it away', () => {
    const session = started(1, 'a');
    names.set(session, 'one');
    names.set(session, 'two');
    expect(
      restarted()
        .all()
        .map((entry) => entry.alias),
    ).toEqual(['two']);
    names.set(session, null);
    expect(session.alias).toBeNull();
    expect(restarted().all()).toEqual([]);
  });

  it.each(['', '1st', '-x', 'a b', 'a/b', '.', 'ünï', 'x'.repeat(65), 'a\nb'])('%j is none', (alias) => {
    const session = started(1, 'a');
    expect(() => names.set(session, alias)).toThrow(expect.objectContaining({ code: 'BAD_NAME' }));
    expect(session.alias).toBeNull();
  });

  it('a damaged file is an empty one; a full disk costs no session its daemon', () => {
    writeFileSync(path, '{"names":');
    expect(new Names(path, table).all()).toEqual([]);
    const session = started(1, 'a');
    names.set(session, 'api');
    rmSync(dir, { recursive: true });
    session.conversationIs('b', null);
    expect(() => names.apply(session)).not.toThrow();
    expect(session.alias).toBe('api');
  });

  it('old ones are forgotten, the newest stay', () => {
    for (let pid = 1; pid <= 510; pid++) {
      const session = started(pid, `s${pid}`);
      names.set(session, `n${pid}`);
      table.remove(session);
    }
    expect(names.all()).toHaveLength(500);
    expect(names.all().at(-1)!.alias).toBe('n510');
  });
});
