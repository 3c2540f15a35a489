/** The desktop notification, through a notify-send of our own on PATH. */
import { chmodSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DesktopNotification } from '../../../src/daemon/desktop-notification.ts';
import { SessionTable } from '../../../src/daemon/sessions/session-table.ts';
import { TestClock } from '../../support/a-clock.ts';
import { useTestBed } from '../../support/test-bed.ts';
import { readIfExists, waitForFile } from '../../support/wait-for-file.ts';

describe('person notice', () => {
  const bed = useTestBed();

  function notifier(enabled = true) {
    const home = bed.home();
    const shown = join(home.root, 'shown');
    for (const name of ['notify-send', 'osascript']) {
      const path = join(home.root, name);
      writeFileSync(path, `#!/bin/sh\nprintf '%s\\n' "$*" >> '${shown}'\n`);
      chmodSync(path, 0o755);
    }
    const clock = new TestClock();
    const logged: string[] = [];
    const notice = new DesktopNotification({
      enabled,
      env: { ...home.env(), PATH: [home.root, process.env.PATH].join(delimiter) },
      clock,
      log: (event) => logged.push(event),
    });
    const table = new SessionTable(clock);
    const process_ = { pid: 1, startTime: '1', cwd: '/work/api', configDir: '/x' };
    const { session } = table.ensure(process_);
    session.permissionAsked('Bash');
    return { notice, session, shown, clock, logged };
  }

  it('names the session and what it waits for, never the message', async () => {
    const { notice, session, shown } = notifier();
    notice.taskWaits(session, 'a person to answer the session');
    const text = await waitForFile(shown, (now) => now?.includes('\n') && now);
    expect(text).toContain('Claude in api needs you');
    expect(text).toContain('permission (Bash)');
  });

  it('speaks of one session once in ten minutes', async () => {
    const { notice, session, shown, clock, logged } = notifier();
    notice.taskWaits(session, 'first');
    notice.taskWaits(session, 'second');
    clock.pass(10 * 60_000);
    notice.taskWaits(session, 'third');
    expect(logged).toEqual(['person needed', 'person needed']);
    await waitForFile(shown, (now) => now?.split('\n').length === 3);
  });

  it('says nothing when the setting is off', () => {
    const { notice, session, shown, logged } = notifier(false);
    notice.taskWaits(session, 'a person');
    expect(logged).toEqual([]);
    expect(readIfExists(shown)).toBeUndefined();
  });
});
