/** The person's own program: told by JSON on its standard input, bounded in number and time, never through a shell. */
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { commandWords, NotifyCommand, type NotifyEvent } from '../../../src/daemon/notify-command.ts';
import { verifies } from '../../requirements.ts';
import { TestClock } from '../../support/a-clock.ts';
import { waitForFile } from '../../support/wait-for-file.ts';

const event: NotifyEvent = {
  event: 'task-waits',
  text: `api waits for "$(touch owned)" '; touch owned`,
  session: { id: 'a', name: 'api', cwd: '/work/api' },
};

function aProgram(body: string, options: { takesAtMostMs?: number } = {}) {
  const dir = mkdtempSync(join(tmpdir(), 'claudex-notify-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const path = join(dir, 'tell me');
  writeFileSync(path, `#!/bin/sh\ncd "\${0%/*}"\n${body}\n`);
  chmodSync(path, 0o755);
  const logged: Array<{ what: string; [field: string]: unknown }> = [];
  let onLog = (): void => undefined;
  const clock = new TestClock();
  const notify = new NotifyCommand({
    command: path,
    env: { PATH: process.env.PATH },
    clock,
    log: (what, fields) => {
      logged.push({ what, ...fields });
      onLog();
    },
    ...options,
  });
  onTestFinished(() => notify.close());
  const untilLogged = (): Promise<void> =>
    logged.length > 0
      ? Promise.resolve()
      : new Promise((resolve) => {
          onLog = resolve;
        });
  return { dir, notify, clock, logged, untilLogged };
}

describe(`notify.command ${verifies('notify-command')}`, () => {
  it('gets the event as JSON, and no shell reads it', async () => {
    const { dir, notify, logged } = aProgram('cat > told.part && mv told.part told');
    notify.tell(event);
    const told = await waitForFile(join(dir, 'told'), (text) => text);
    expect(JSON.parse(told)).toEqual({ ...event, at: '2027-01-15T08:00:00.000Z' });
    expect(existsSync(join(dir, 'owned'))).toBe(false);
    expect(logged).toEqual([]);
  });

  it('one that fails is logged with what it said, cut short', async () => {
    const { notify, logged, untilLogged } = aProgram(`printf '%01000d' 0 >&2; exit 3`);
    notify.tell(event);
    await untilLogged();
    expect(logged).toEqual([
      { what: 'notify failed', about: 'task-waits', code: 3, signal: null, said: expect.stringMatching(/^0{0,300}$/) },
    ]);
  });

  it('one that is not there is logged', async () => {
    const { notify, dir, logged, untilLogged } = aProgram('');
    rmSync(join(dir, 'tell me'));
    notify.tell(event);
    await untilLogged();
    expect(logged).toMatchObject([{ what: 'notify failed', error: expect.stringContaining('ENOENT') }]);
  });

  it('one that hangs is killed with what it has started', async () => {
    const { dir, notify, logged, untilLogged } = aProgram('sleep 1000 & echo $! > child; wait', { takesAtMostMs: 300 });
    notify.tell(event);
    await untilLogged();
    expect(logged).toMatchObject([{ what: 'notify failed', signal: 'SIGKILL' }]);
    const child = Number(readFileSync(join(dir, 'child'), 'utf8'));
    const isGone = (): boolean => {
      const state = existsSync(`/proc/${child}/stat`) ? readFileSync(`/proc/${child}/stat`, 'utf8') : ') Z';
      return / Z/.test(state.slice(state.lastIndexOf(')') + 1, state.lastIndexOf(')') + 3));
    };
    if (process.platform === 'linux') await expect.poll(isGone, { timeout: 20_000 }).toBe(true);
  });

  it('no more than four run at once, and thirty begin within a minute', async () => {
    const { notify, clock, logged } = aProgram('cat >/dev/null; exec sleep 1000');
    for (let at = 0; at < 6; at++) notify.tell({ ...event, event: 'crashed' });
    expect(logged.map(({ what }) => what)).toEqual(['notify dropped', 'notify dropped']);
    clock.pass(60_000);
    notify.tell({ ...event, event: 'crashed' });
    expect(logged).toHaveLength(3);
  });

  it('that a task waits is said of one session once in ten minutes', async () => {
    const { dir, notify, clock } = aProgram('cat >> told; echo . >> ended');
    notify.tell(event);
    notify.tell(event);
    notify.tell({ ...event, session: { ...event.session, id: 'b' } });
    clock.pass(10 * 60_000);
    notify.tell(event);
    await waitForFile(join(dir, 'ended'), (text) => text?.split('\n').length === 4);
    expect(readFileSync(join(dir, 'told'), 'utf8').trim().split('\n')).toHaveLength(3);
  });

  it('a list is a program and its arguments; what is no such list is no command', () => {
    expect(commandWords('/opt/tell me', '/home/ada')).toEqual(['/opt/tell me']);
    expect(commandWords('["~/bin/tell","-x","a b"]', '/home/ada')).toEqual(['/home/ada/bin/tell', '-x', 'a b']);
    for (const bad of ['', '  ', '[', '[]', '[1]', '{"a":1}x'.slice(9), '[""]', '["a",{}]'])
      expect(commandWords(bad, '/')).toBeUndefined();
  });
});
