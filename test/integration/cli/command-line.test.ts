/** What people and scripts write after `claudex send`, `ask` and the like, and where they stand when they do. */
import { mkdirSync, realpathSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { claudexBin, runClaudex, startClaudex } from '../../support/claudex.ts';
import { daemonClient } from '../../support/daemon-watch.ts';
import { run } from '../../support/run-command.ts';
import { useTestBed } from '../../support/test-bed.ts';

describe('the command line', () => {
  const bed = useTestBed();

  it('words behind -- are the message as they stand', async () => {
    const home = bed.home();
    const send = ['send', '--hold', home.cwd, '--', '--wait', 'is an option'];
    expect((await runClaudex(send, { env: home.env(), cwd: home.root })).code).toBe(0);
    expect((await daemonClient(home).messages()).map((one) => one.body)).toEqual(['--wait is an option']);
  });

  it('waits for an answer longer than a timer can; Ctrl-C ends the waiting as it ends a command in a loop of the shell', async () => {
    const home = bed.home();
    const ask = ['ask', '--hold', '--wait', '30d', home.cwd, 'ready?'];
    const driver = startClaudex(ask, { env: home.env(), cwd: home.root });
    await driver.waitForScreen('queued');
    driver.key('ctrl-c');
    await driver.waitForScreen('the message stays');
    expect(await driver.waitForExit()).toEqual({ code: null, signal: constants.signals.SIGINT });
    expect(await daemonClient(home).messages()).toMatchObject([{ state: 'queued', body: 'ready?' }]);
  });

  it('--json is an array for --to and --all, however many they are, and nothing where there is no answer', async () => {
    const home = bed.home();
    const at = { env: home.env(), cwd: home.root };
    const sent = await runClaudex(['send', '--hold', '--json', '--to', home.cwd, 'one'], at);
    expect(JSON.parse(sent.stdout)).toMatchObject([{ target: { cwd: home.cwd }, state: 'queued' }]);
    const single = await runClaudex(['ask', '--hold', '--json', '--wait', '0', home.cwd, 'one'], at);
    expect(single).toMatchObject({ code: 4, stdout: '' });
    const several = await runClaudex(['ask', '--hold', '--json', '--wait', '0', '--to', home.cwd, 'one'], at);
    expect(several).toMatchObject({ code: 4, stdout: '[]\n' });
  });

  it('each message without an answer is named', async () => {
    const home = bed.home({ cwdNames: ['api', 'web'] });
    const to = ['api', 'web'].flatMap((name) => ['--to', home.dir(name)]);
    const asked = await runClaudex(['ask', '-q', '--hold', '--wait', '0', ...to, 'one'], {
      env: home.env(),
      cwd: home.root,
    });
    const ids = (await daemonClient(home).messages()).map((one) => one.id);
    expect(ids).toHaveLength(2);
    for (const id of ids) expect(asked.stderr).toContain(`No answer came in the time given. Message ${id}.`);
    expect(asked.code).toBe(4);
  });

  it('a message far too large is a message too large', async () => {
    const home = bed.home();
    const stdin = Buffer.alloc(5_000_000, 'a');
    const sent = await runClaudex(['send', '--hold', home.cwd, '-'], { env: home.env(), cwd: home.root, stdin });
    expect(sent).toMatchObject({ code: 2, stdout: '' });
    expect(sent.stderr).toContain('larger than 256 KiB');
  });

  it('in a folder that has been removed: sends and lists; a relative target is refused with its fix', async () => {
    const home = bed.home();
    const gone = join(home.root, 'gone');
    const inGone = (...args: string[]) =>
      run(
        '/bin/sh',
        ['-c', 'cd "$1" && rmdir "$1" && shift && exec "$@"', 'sh', gone, process.execPath, claudexBin, ...args],
        {
          env: home.env(),
          cwd: home.root,
        },
      );
    const from = async (...args: string[]) => {
      mkdirSync(gone);
      return inGone(...args);
    };
    expect(await from('list')).toMatchObject({ code: 0, stderr: '' });
    expect(await from('send', '--hold', home.cwd, 'from nowhere')).toMatchObject({ code: 0 });
    expect(await daemonClient(home).messages()).toMatchObject([
      { body: 'from nowhere', recipient: { cwd: realpathSync(home.cwd) } },
    ]);
    for (const args of [['send', '.', 'hi'], ['history'], ['prompt', 'hi']]) {
      const refused = await from(...args);
      expect(refused).toMatchObject({ code: 3, stdout: '' });
      expect(refused.stderr).toContain('The current folder is gone.');
    }
  });

  it('goes on where nobody reads its errors and progress any more', async () => {
    const home = bed.home();
    const ask = [process.execPath, claudexBin, 'ask', '--hold', '--wait', '0', home.cwd, 'ready?'];
    const shell = 'mkfifo "$0"; : <"$0" & exec 4>"$0"; wait; "$@" 2>&4; echo $?';
    const ran = await run('/bin/sh', ['-c', shell, join(home.root, 'unread'), ...ask], {
      env: home.env(),
      cwd: home.root,
    });
    expect(ran.stdout).toBe('4\n');
  });

  it('the help named for a wrong line is of that command', async () => {
    const home = bed.home();
    const at = { env: home.env(), cwd: home.root };
    expect((await runClaudex(['inbox', 'cancel'], at)).stderr).toContain('`claudex inbox cancel --help`');
    expect((await runClaudex(['send', '--nope'], at)).stderr).toContain('`claudex send --help`');
    expect((await runClaudex(['send', '', 'hi'], at)).stderr).toContain('Say who is to get the message.');
    for (const args of [
      ['inbox', 'show', ''],
      ['inbox', 'cancel', ''],
      ['history', ''],
      ['show', '', '1'],
    ]) {
      const nothing = await runClaudex(args, at);
      expect(nothing).toMatchObject({ code: 3, stdout: '' });
      expect(nothing.stderr).toContain('Asked for "".');
    }
    const turn = await runClaudex(['show', '.', 'last'], at);
    expect(turn.code).toBe(2);
    expect(turn.stderr).toContain('last');
    const count = await runClaudex(['history', '-n', '-3'], at);
    expect(count.code).toBe(2);
    expect(count.stderr).toContain('-3');
  });
});
