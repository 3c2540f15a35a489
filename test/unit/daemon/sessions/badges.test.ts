/** Badges: their text, and the files that status lines read. */
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { Badges, renderBadge } from '../../../../src/daemon/sessions/badges.ts';
import { verifies } from '../../../../test/requirements.ts';
import { temporaryFolder } from '../../../../test/support/temporary-folder.ts';

let dir: string;
beforeEach(() => {
  dir = temporaryFolder();
});

describe(`badges ${verifies('badge')}`, () => {
  it.each([
    [0, 0, '[abc12345]'],
    [1, 0, '[abc12345 · 1 peer]'],
    [3, 2, '[abc12345 · 3 peers · ✉2]'],
    [0, 1, '[abc12345 · ✉1]'],
    [99, 0, '[abc12345 · 99 peers]'],
    [1000, 0, '[abc12345 · 99+ peers]'],
  ])('%i peers, %i unread', (peers, unread, badge) => {
    expect(renderBadge('abc12345', peers, unread)).toBe(badge);
  });

  it('what is stuck, and what claude asks', () => {
    expect(renderBadge('reviewer', 0, 0, 1, 2)).toBe('[reviewer · 1 stuck · ?2]');
  });

  it('a file per session: made, changed, removed; nothing of an earlier daemon stays', () => {
    writeFileSync(join(dir, 'old'), 'x');
    const badges = new Badges(dir, () => undefined);
    expect(readdirSync(dir)).toEqual([]);
    badges.update([
      { label: 'a', pid: 11, sessionId: 's-1', pending: 1, stuck: 0 },
      { label: 'b', pid: 12, sessionId: null, pending: 0, stuck: 0 },
      { label: 'c', pid: 13, sessionId: '../../evil', pending: 0, stuck: 0 },
    ]);
    expect(readdirSync(dir)).toEqual(['11', '12', '13', 's-1']);
    for (const name of ['11', 's-1']) {
      expect(readFileSync(join(dir, name), 'utf8')).toBe(`${process.pid}\n[a · 2 peers · ✉1]\n`);
    }
    expect(statSync(join(dir, 's-1')).mode & 0o777).toBe(0o600);
    badges.update([{ label: 'a', pid: 11, sessionId: 's-2', pending: 0, stuck: 0 }]);
    expect(readdirSync(dir)).toEqual(['11', 's-2']);
    expect(readFileSync(join(dir, 's-2'), 'utf8')).toBe(`${process.pid}\n[a]\n`);
    // two of one conversation: each terminal shows its own
    badges.update([
      { label: 'a', pid: 11, sessionId: 's-2', pending: 0, stuck: 0 },
      { label: 'b', pid: 12, sessionId: 's-2', pending: 0, stuck: 0 },
    ]);
    expect(readFileSync(join(dir, '11'), 'utf8')).toContain('[a · 1 peer]');
    expect(readFileSync(join(dir, '12'), 'utf8')).toContain('[b · 1 peer]');
    badges.update([]);
    expect(readdirSync(dir)).toEqual([]);
    expect(existsSync(join(dir, '..', 'evil'))).toBe(false);
  });

  it('with hundreds of sessions one that comes or goes changes no file but its own', () => {
    const badges = new Badges(dir, () => undefined);
    const sessions = Array.from({ length: 200 }, (_, index) => ({
      label: `s${index}`,
      pid: 1000 + index,
      sessionId: null,
      pending: 0,
      stuck: 0,
    }));
    const files = (): Map<string, number> =>
      new Map(readdirSync(dir).map((name) => [name, statSync(join(dir, name)).ino]));
    badges.update(sessions.slice(0, 199));
    const before = files();
    badges.update(sessions);
    const after = files();
    expect(after.size).toBe(200);
    // a file that is written anew is another file
    for (const [name, inode] of before) expect(after.get(name), name).toBe(inode);
    badges.update(sessions.slice(0, 199));
    expect(files()).toEqual(before);
  });
});
