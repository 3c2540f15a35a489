/** What the next daemon finds of the sessions, and what it costs to write that down. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Session } from '../../../../src/daemon/sessions/session.ts';
import { SessionTable } from '../../../../src/daemon/sessions/session-table.ts';
import { SessionsFile } from '../../../../src/daemon/sessions/sessions-file.ts';
import { TestClock } from '../../../support/a-clock.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

let path: string;
let table: SessionTable;
let file: SessionsFile;

beforeEach(() => {
  vi.useFakeTimers();
  path = join(temporaryFolder(), 'sessions.json');
  table = new SessionTable(new TestClock());
  file = new SessionsFile(path, table);
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

function start(pid: number): Session {
  return table.ensure({ pid, startTime: '1', cwd: `/work/${pid}`, configDir: '/none' }).session;
}

const idsIn = (): string[] => JSON.parse(readFileSync(path, 'utf8')).sessions.map(({ id }: { id: string }) => id);

describe('the sessions file', () => {
  it('has a new session at once, beside those that another daemon wrote', () => {
    const old = start(1);
    file.writeNow(old);
    const written = readFileSync(path, 'utf8');

    table = new SessionTable(new TestClock());
    file = new SessionsFile(path, table);
    for (const one of file.read()) table.restore(one);
    const fresh = start(2);
    file.writeNow(fresh);
    expect(idsIn()).toEqual([old.id, fresh.id]);
    expect(file.read()[0]).toEqual(JSON.parse(written).sessions[0]);
  });

  it('follows what changes and who goes, at the latest when the daemon ends', () => {
    const [one, two] = [start(1), start(2)];
    file.writeNow(one);
    file.writeNow(two);
    one.conversationIs('conversation-1', null);
    table.remove(two);
    file.writeSoon();
    expect(idsIn()).toEqual([one.id, two.id]);
    file.close();
    expect(file.read()).toMatchObject([{ id: one.id, claudeSessionId: 'conversation-1' }]);
  });

  it('a damaged one holds no session', () => {
    writeFileSync(path, '{"version":1,"sessions":[{');
    expect(file.read()).toEqual([]);
  });

  it('of many sessions that start each is put into words a few times, not once for each that follows', () => {
    const stringify = vi.spyOn(JSON, 'stringify');
    for (let pid = 1; pid <= 400; pid++) {
      const session = start(pid);
      file.writeNow(session);
      file.writeSoon();
      vi.advanceTimersByTime(5);
    }
    vi.advanceTimersByTime(400);
    expect(idsIn()).toHaveLength(400);
    // once each, and all anew from time to time; each time for each that follows would be 80,000
    expect(stringify.mock.calls.length).toBeLessThan(5000);
  });
});
