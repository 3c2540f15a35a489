/** A hook that finds no daemon starts one, where `claudex install` has left how; and when it does not. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { hookCommand } from '../../../src/claude/hooks/hook-settings.ts';
import { verifies } from '../../requirements.ts';
import { deadPid, makePlace, run, shells, silent, startDaemon } from '../../support/hook-scripts.ts';
import { waitForFile } from '../../support/wait-for-file.ts';

const started = JSON.stringify({ hook_event_name: 'SessionStart', source: 'startup' });
const stop = JSON.stringify({ hook_event_name: 'Stop' });

/** A `starter` whose Node writes down what it is asked, and then takes its time. */
function makeStarter(place: ReturnType<typeof makePlace>) {
  const node = join(place.top, 'node');
  const asked = join(place.top, 'asked');
  const goOn = join(place.top, 'go-on');
  const claudex = join(place.dir, 'claudex.js');
  // until the test has ended, or its folder is gone: one that comes up late is not left either
  const atWork = `while [ -d '${place.top}' ] && [ ! -e '${goOn}' ]; do /bin/sleep 0.05; done`;
  const script = `#!/bin/sh\nprintf '%s\\n' "$CLAUDEX_HOME $*" >>'${asked}'\n${atWork}\n`;
  writeFileSync(node, script, { mode: 0o755 });
  writeFileSync(claudex, '');
  writeFileSync(join(place.hooksDir, 'starter'), `${node}\n${claudex}\n`);
  onTestFinished(() => writeFileSync(goOn, ''));
  /** What it was asked, once it was. */
  const lines = async (): Promise<string[]> => {
    while (!existsSync(asked) || !readFileSync(asked, 'utf8').endsWith('\n')) await delay(5);
    return readFileSync(asked, 'utf8').trimEnd().split('\n');
  };
  return { lines, asked, wanted: [`${place.home} ${claudex} daemon wake`] };
}

describe.each(shells)(`%s ${verifies('daemon-by-hooks')}`, (shell) => {
  test('an event starts it, and does not wait for it', async () => {
    const place = makePlace();
    const { lines, wanted } = makeStarter(place);
    // its Node is still at work: had it anything of the hook's open, this would not come back
    expect(await run(shell, hookCommand(place.location), stop)).toEqual(silent);
    expect(await lines()).toEqual(wanted);
  });

  test.each<[string, string, NodeJS.ProcessEnv]>([
    ['the session ends', JSON.stringify({ hook_event_name: 'SessionEnd' }), {}],
    ['it is `claude -p`', started, { CLAUDE_CODE_ENTRYPOINT: 'sdk-cli' }],
    ['its own claudex starts one', started, { CLAUDEX_LAUNCHED_BY: String(process.pid) }],
    ['it is kept warm', started, { CLAUDEX_WARM: '1-2-3' }],
  ])('not when %s', async (_name, payload, env) => {
    const place = makePlace();
    const { lines, asked, wanted } = makeStarter(place);
    expect(await run(shell, hookCommand(place.location), payload, env)).toEqual(silent);
    expect(existsSync(asked)).toBe(false);
    // a claudex that has ended since starts none: what it was inherited through (a tmux server) is like any other shell
    const orphan = { CLAUDEX_LAUNCHED_BY: String(deadPid()), CLAUDE_CODE_ENTRYPOINT: 'cli' };
    expect(await run(shell, hookCommand(place.location), started, orphan)).toEqual(silent);
    expect(await lines()).toEqual(wanted);
  });

  test('not after a person has stopped it, until a new session', async () => {
    const place = makePlace();
    const { lines, asked, wanted } = makeStarter(place);
    writeFileSync(join(place.home, 'daemon.stopped'), '');
    const compacted = JSON.stringify({ hook_event_name: 'SessionStart', source: 'compact' });
    for (const payload of [stop, compacted]) {
      expect(await run(shell, hookCommand(place.location), payload)).toEqual(silent);
      expect(await run(shell, hookCommand(place.location, 'wait'), payload)).toEqual(silent);
    }
    expect(existsSync(asked)).toBe(false);
    expect(await run(shell, hookCommand(place.location), started)).toEqual(silent);
    expect(await lines()).toEqual(wanted);
  });

  test('what it names is gone: silent, and nothing waits', async () => {
    const place = makePlace();
    for (const starter of ['/no/node\n/no/claudex\n', `${process.execPath}\n/no/claudex\n`, '\n\n', 'one line']) {
      writeFileSync(join(place.hooksDir, 'starter'), starter);
      expect(await run(shell, hookCommand(place.location), started)).toEqual(silent);
      expect(await run(shell, hookCommand(place.location, 'wait'), started)).toEqual(silent);
    }
  });

  test('a waiter waits for it', async () => {
    const place = makePlace();
    makeStarter(place);
    const waiting = run(shell, hookCommand(place.location, 'wait'), started);
    const received = await startDaemon(place.top, place.home, 200, 'wake up');
    expect(await waiting).toEqual({ stdout: '', stderr: 'wake up\n', code: 2 });
    expect(received.map(({ request }) => request.url)).toEqual(['/v1/waiters']);
  });

  test('a waiter whose daemon has died starts the next one', async () => {
    const place = makePlace();
    const { lines, wanted } = makeStarter(place);
    writeFileSync(join(place.home, 'daemon.addr'), `${join(place.top, 'died.sock')}\n`);
    const waiting = run(shell, hookCommand(place.location, 'wait'), stop);
    expect(await lines()).toEqual(wanted);
    await startDaemon(place.top, place.home, 200, 'back again');
    expect(await waiting).toEqual({ stdout: '', stderr: 'back again\n', code: 2 });
  });

  test('beside a session with an inbox socket a waiter tells it of the session, and ends', async () => {
    const place = makePlace();
    makeStarter(place);
    const inbox = join(place.top, 'inbox.sock');
    const claude = createServer();
    await new Promise<void>((resolve) => claude.listen(inbox, resolve));
    onTestFinished(() => new Promise((resolve) => claude.close(() => resolve())));
    const env = { CLAUDE_CODE_MESSAGING_SOCKET: inbox, CLAUDEX_PEERS: 'off' };
    expect(await run(shell, hookCommand(place.location, 'wait'), stop, env)).toEqual(silent);
    // it waits once it has slept: of a daemon that was there before it has nothing to tell
    const bin = join(place.top, 'bin');
    mkdirSync(bin);
    const sleep = `#!/bin/sh\n: >'${join(bin, 'slept')}'\nPATH=/usr/bin:/bin exec sleep "$@"\n`;
    writeFileSync(join(bin, 'sleep'), sleep, { mode: 0o755 });
    const waiting = run(shell, hookCommand(place.location, 'wait'), started, {
      ...env,
      PATH: `${bin}:${process.env.PATH}`,
    });
    await waitForFile(join(bin, 'slept'), (text) => text !== undefined);
    const received = await startDaemon(place.top, place.home, 200, '');
    expect(await waiting).toEqual(silent);
    expect(received.map(({ request, body }) => [request.url, body])).toEqual([['/v1/hooks', started]]);
    expect(received[0]!.request.headers['x-claudex-peers']).toBe('off');
  });
});
