import { execFileSync, spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createNetServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { hookCommand, statusLineCommand } from '../../../src/claude/hooks/hook-settings.ts';
import { hookCaller } from '../../../src/daemon/hook-intake.ts';
import { verifies } from '../../requirements.ts';
import { deadPid, makePlace, pathWithoutCurl, run, shells, silent, startDaemon } from '../../support/hook-scripts.ts';

const sessionId = '0b1c2d3e-aaaa-bbbb-cccc-0123456789ab';

test('there is a shell, curl and node to test with', () => {
  expect(shells).toContain('/bin/sh');
  expect(execFileSync('curl', ['--version'], { encoding: 'utf8' })).toContain('UnixSockets');
});

describe.each(shells)('%s', (shell) => {
  const event = JSON.stringify({
    hook_event_name: 'Stop',
    text: `é 😀 "q" 'a' \\ $HOME @file`,
    big: 'x'.repeat(300_000),
  });
  const reply = '{"hookSpecificOutput":{"additionalContext":"two\\nlines é"}}';

  test('script gone: silent, exit 0', async () => {
    const { location, hooksDir } = makePlace();
    rmSync(hooksDir, { recursive: true });
    expect(await run(shell, hookCommand(location), event)).toEqual(silent);
    expect(await run(shell, statusLineCommand(location), '{}')).toEqual(silent);
    expect(await run(shell, statusLineCommand(location, 'echo mine'), '{}')).toEqual(silent);
  });

  test(`a warm process: nothing is told, nothing waits ${verifies('warm-unseen')}`, async () => {
    const { location, home, top } = makePlace();
    const received = await startDaemon(top, home, 200, reply);
    const env = { CLAUDEX_WARM: '1-2-3' };
    expect(await run(shell, hookCommand(location), event, env)).toEqual(silent);
    expect(await run(shell, hookCommand(location, 'wait'), event, env)).toEqual(silent);
    expect(received).toEqual([]);
  });

  test('no daemon: silent, exit 0', async () => {
    const { location, home, top } = makePlace();
    expect(await run(shell, hookCommand(location), event)).toEqual(silent);
    for (const address of ['', '\n', join(top, 'gone.sock'), home]) {
      writeFileSync(join(home, 'daemon.addr'), address);
      expect(await run(shell, hookCommand(location), event)).toEqual(silent);
    }
  });

  test.runIf(process.getuid?.() === 0)(
    'a home or a socket of somebody else: nothing is told, nothing is shown',
    async () => {
      for (const whose of ['home', 'socket']) {
        const { location, home, top } = makePlace();
        const received = await startDaemon(top, home, 200, reply);
        writeFileSync(join(home, 'badges', sessionId), `${process.pid}\nBADGE\n`);
        const socket = readFileSync(join(home, 'daemon.addr'), 'utf8').trim();
        chownSync(whose === 'home' ? home : socket, 12345, 12345);
        expect(await run(shell, hookCommand(location), event)).toEqual(silent);
        expect(await run(shell, hookCommand(location, 'wait'), event)).toEqual(silent);
        expect(received).toEqual([]);
        const shown = await run(shell, statusLineCommand(location), JSON.stringify({ session_id: sessionId }));
        expect(shown.stdout).toBe(whose === 'home' ? '' : 'BADGE\n');
      }
    },
  );

  test('a socket nobody listens on any more: silent, exit 0', async () => {
    const { location, home, top } = makePlace();
    const socket = join(top, 'stale.sock');
    const leave = `require('node:net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))`;
    expect(spawnSync(process.execPath, ['-e', leave, socket]).signal).toBe('SIGKILL');
    expect(existsSync(socket)).toBe(true);
    writeFileSync(join(home, 'daemon.addr'), `${socket}\n`);
    for (const PATH of [process.env.PATH, pathWithoutCurl(top)]) {
      expect(await run(shell, hookCommand(location), event, { PATH })).toEqual(silent);
    }
  });

  test.each(['curl', 'node'])('%s carries the event to the daemon and the answer back', async (tool) => {
    const { location, home, top } = makePlace();
    const received = await startDaemon(top, home, 200, reply);
    const PATH = tool === 'curl' ? process.env.PATH : pathWithoutCurl(top);
    const env = {
      PATH,
      CLAUDE_CONFIG_DIR: '/a config/josé/設定',
      CLAUDEX_PEERS: 'off',
      http_proxy: 'http://127.0.0.1:9',
    };
    expect(await run(shell, hookCommand(location), event, env)).toEqual({ ...silent, stdout: reply });
    expect(received).toHaveLength(1);
    const { request, body } = received[0]!;
    expect(body).toBe(event);
    expect([request.method, request.url]).toEqual(['POST', '/v1/hooks']);
    expect(request.headers).toMatchObject({
      'content-type': 'application/json',
      'x-claudex-peers': 'off',
      // `exec` keeps the shell's pid, so the parent the daemon is told is the one that ran the hook: claude
      'x-claudex-ppid': String(process.pid),
    });
    expect(hookCaller(request.headers, '/').configDir).toBe('/a config/josé/設定');
    expect('user-agent' in request.headers).toBe(tool === 'curl');
  });

  test.each(['write-out = "code=%{http_code}"', 'include', 'get', 'output = "/dev/null"'])(
    'a ~/.curlrc that says %s changes nothing',
    async (line) => {
      const { location, home, top } = makePlace();
      await startDaemon(top, home, 200, reply);
      writeFileSync(join(top, '.curlrc'), `${line}\n`);
      expect(await run(shell, hookCommand(location), event, { HOME: top })).toEqual({ ...silent, stdout: reply });
      const woken = { stdout: '', stderr: `${reply}\n`, code: 2 };
      expect(await run(shell, hookCommand(location, 'wait'), event, { HOME: top })).toEqual(woken);
    },
  );

  test(`a hook that failed leaves one line and nothing else ${verifies('hook-trace')}`, async () => {
    const { location, home, top } = makePlace();
    const failed = join(home, 'hook-failed');
    const said = async (env: NodeJS.ProcessEnv = {}): Promise<string | undefined> => {
      rmSync(failed, { force: true });
      expect(await run(shell, hookCommand(location), event, env)).toEqual(silent);
      return existsSync(failed) ? readFileSync(failed, 'utf8') : undefined;
    };
    expect(await said()).toBe(`no-daemon ${process.pid}\n`);
    // `claude -p` is no session; a daemon that a person has stopped is not missed
    expect(await said({ CLAUDE_CODE_ENTRYPOINT: 'sdk-cli' })).toBeUndefined();
    writeFileSync(join(home, 'daemon.stopped'), '');
    expect(await said()).toBeUndefined();
    rmSync(join(home, 'daemon.stopped'));
    await startDaemon(top, home, 500, '{"error":"x"}');
    expect(await said()).toBe(`curl-22 ${process.pid}\n`);
    expect(await said({ PATH: pathWithoutCurl(top) })).toBe(`node ${process.pid}\n`);
    // a second one takes the place of the first: nothing grows
    await run(shell, hookCommand(location), event);
    expect(readFileSync(failed, 'utf8')).toBe(`curl-22 ${process.pid}\n`);
  });

  test('one that was heard leaves no line', async () => {
    const { location, home, top } = makePlace();
    await startDaemon(top, home, 200, reply);
    expect(await run(shell, hookCommand(location), event)).toEqual({ ...silent, stdout: reply });
    expect(existsSync(join(home, 'hook-failed'))).toBe(false);
  });

  test('a variable of the session that is named as one of the script is not taken for it', async () => {
    const { location, home, top } = makePlace();
    const received = await startDaemon(top, home, 200, reply);
    const socket = readFileSync(join(home, 'daemon.addr'), 'utf8').trim();
    rmSync(join(home, 'daemon.addr'));
    expect(await run(shell, hookCommand(location), event, { socket })).toEqual(silent);
    expect(received).toEqual([]);
  });

  test.each(['curl', 'node'])('an error of the daemon is not shown (%s)', async (tool) => {
    const { location, home, top } = makePlace();
    const received = await startDaemon(top, home, 500, '{"error":"x"}');
    const PATH = tool === 'curl' ? process.env.PATH : pathWithoutCurl(top);
    expect(await run(shell, hookCommand(location), event, { PATH })).toEqual(silent);
    expect(received).toHaveLength(1);
  });

  test('a daemon that hangs is given one second', async () => {
    const { location, home, top } = makePlace();
    await startDaemon(top, home, 200, reply);
    const bin = join(top, 'asked-curl');
    mkdirSync(bin);
    writeFileSync(join(bin, 'curl'), '#!/bin/sh\ncat >/dev/null\necho "$@"\n', { mode: 0o755 });
    const PATH = `${bin}:${process.env.PATH}`;
    const asUsual = { PATH, CLAUDEX_HOOK_SECONDS: '' };
    expect((await run(shell, hookCommand(location), event, asUsual)).stdout).toContain(' --max-time 1 ');
    // who waits beside the session may wait long
    expect((await run(shell, hookCommand(location, 'wait'), event, { PATH })).stderr).not.toContain('--max-time');
  });

  test('neither curl nor node: silent, exit 0', async () => {
    const { location, home, top } = makePlace();
    const received = await startDaemon(top, home, 200, reply);
    expect(await run(shell, hookCommand(location), event, { PATH: join(top, 'empty') })).toEqual(silent);
    expect(received).toEqual([]);
  });

  test('CLAUDEX_HOME of the session wins over the one installed, empty counts as none', async () => {
    const { location, home, top } = makePlace();
    const baked = await startDaemon(top, home, 200, 'baked');
    const other = join(top, 'other "home"');
    await startDaemon(top, other, 200, 'other');
    expect((await run(shell, hookCommand(location), event, { CLAUDEX_HOME: other })).stdout).toBe('other');
    expect(baked).toEqual([]);
    expect((await run(shell, hookCommand(location), event, { CLAUDEX_HOME: '' })).stdout).toBe('baked');
    expect((await run(shell, hookCommand(location), event)).stdout).toBe('baked');
  });

  describe('a waiter', () => {
    const wait = (location: Parameters<typeof hookCommand>[0]): string => hookCommand(location, 'wait');

    test('wakes its session with what the daemon says; without a word it ends quietly', async () => {
      const { location, home, top } = makePlace();
      const received = await startDaemon(top, home, 200, 'wake up');
      expect(await run(shell, wait(location), event)).toEqual({ stdout: '', stderr: 'wake up\n', code: 2 });
      expect(received.map(({ request, body }) => [request.url, body])).toEqual([['/v1/waiters', event]]);
      await startDaemon(top, home, 200, '');
      expect(await run(shell, wait(location), event)).toEqual(silent);
      await startDaemon(top, home, 404, '{"error":{}}');
      expect(await run(shell, wait(location), event)).toEqual(silent);
    });

    test('comes while the daemon is away: waits for the next one; where none has been, it ends', async () => {
      const { location, home, top } = makePlace();
      expect(await run(shell, wait(location), event)).toEqual(silent);
      writeFileSync(join(home, 'daemon.addr'), `${join(top, 'died.sock')}\n`);
      const waiting = run(shell, wait(location), event);
      await startDaemon(top, home, 200, 'back again');
      expect(await waiting).toEqual({ stdout: '', stderr: 'back again\n', code: 2 });
    });

    test('does not wait beside a session that has an inbox socket; a socket that is gone does not count', async () => {
      const { location, home, top } = makePlace();
      const received = await startDaemon(top, home, 200, 'wake up');
      const inbox = join(top, 'inbox.sock');
      const claude = createNetServer();
      await new Promise<void>((resolve) => claude.listen(inbox, resolve));
      const env = { CLAUDE_CODE_MESSAGING_SOCKET: inbox };
      expect(await run(shell, wait(location), event, env)).toEqual(silent);
      expect(received).toEqual([]);
      await new Promise((resolve) => claude.close(resolve));
      expect(await run(shell, wait(location), event, env)).toMatchObject({ code: 2 });
    });
  });

  test('the script sees the home exactly as installed, or as the session has it', async () => {
    const { location, home, hooksDir } = makePlace();
    writeFileSync(join(hooksDir, 'claudex-hook'), '#!/bin/sh\nprintf %s "$CLAUDEX_HOME"\n');
    expect(await run(shell, hookCommand(location), '')).toEqual({ ...silent, stdout: home });
    const own = `/o'w"n }`;
    expect(await run(shell, hookCommand(location), '', { CLAUDEX_HOME: own })).toEqual({ ...silent, stdout: own });
  });

  describe('status line', () => {
    const badge = '[abc12345 · 3 peers · ✉2]';
    const input = (id: string) => JSON.stringify({ hook_event_name: 'Status', session_id: id, cwd: '/x y\\n"q"' });

    function makeBadged(content: string) {
      const place = makePlace();
      writeFileSync(join(place.home, 'badges', sessionId), content);
      return place;
    }

    test.each([
      ['live daemon', `${process.pid}\n${badge}\n`, `${badge}\n`],
      ['backslashes and spaces', `${process.pid}\n  \\n %s \n`, '  \\n %s \n'],
      ['dead daemon', `${deadPid()}\n${badge}\n`, ''],
      ['no pid', `\n${badge}\n`, ''],
      ['not a pid', `x\n${badge}\n`, ''],
      ['empty file', '', ''],
      ['empty badge', `${process.pid}\n\n`, ''],
    ])('%s', async (_name, content, stdout) => {
      const { location } = makeBadged(content);
      expect(await run(shell, statusLineCommand(location), input(sessionId))).toEqual({ ...silent, stdout });
      expect(await run(shell, statusLineCommand(location), `${input(sessionId)}\n`)).toEqual({ ...silent, stdout });
    });

    test('the claude that runs it comes before the conversation that it tells of', async () => {
      const { location, home } = makeBadged(`${process.pid}\nof another with this conversation\n`);
      writeFileSync(join(home, 'badges', String(process.pid)), `${process.pid}\n${badge}\n`);
      expect((await run(shell, statusLineCommand(location), input(sessionId))).stdout).toBe(`${badge}\n`);
    });

    test('needs nothing from PATH', async () => {
      const { location, top } = makeBadged(`${process.pid}\n${badge}\n`);
      const outcome = await run(shell, statusLineCommand(location), input(sessionId), { PATH: join(top, 'empty') });
      expect(outcome).toEqual({ ...silent, stdout: `${badge}\n` });
    });

    test('no badge file, no session, hostile session: nothing', async () => {
      const { location, home } = makePlace();
      writeFileSync(join(home, 'x'), `${process.pid}\nEVIL\n`);
      writeFileSync(join(home, 'badges', 'a b'), `${process.pid}\nEVIL\n`);
      for (const id of [sessionId, '../x', '..', '.', '', 'a b', '$(echo x)', '*', `${home}/x`]) {
        expect(await run(shell, statusLineCommand(location), input(id))).toEqual(silent);
      }
      for (const text of ['', '\n', '{}', 'not json', '{"session_id":5}']) {
        expect(await run(shell, statusLineCommand(location), text)).toEqual(silent);
      }
    });

    test('the badge comes from the home of the session', async () => {
      const { location, top } = makeBadged(`${process.pid}\nbaked\n`);
      const other = join(top, 'other');
      mkdirSync(join(other, 'badges'), { recursive: true });
      writeFileSync(join(other, 'badges', sessionId), `${process.pid}\nother\n`);
      const command = statusLineCommand(location);
      expect((await run(shell, command, input(sessionId), { CLAUDEX_HOME: other })).stdout).toBe('other\n');
      expect((await run(shell, command, input(sessionId))).stdout).toBe('baked\n');
    });

    test('a wrapped command runs first, with the same input, and the badge follows', async () => {
      const live = makeBadged(`${process.pid}\n${badge}\n`);
      const dead = makeBadged(`${deadPid()}\n${badge}\n`);
      const cases: Array<[command: string, theirs: string]> = [
        ['cat', input(sessionId)],
        [`printf '%s' "it's"; echo ' "x"'`, `it's "x"`],
        ['printf "one\\ntwo"', 'one\ntwo'],
        ['echo shown; exit 3', 'shown'],
      ];
      for (const [command, theirs] of cases) {
        const outcome = (place: typeof live) =>
          run(shell, statusLineCommand(place.location, command), input(sessionId));
        expect(await outcome(live)).toEqual({ ...silent, stdout: `${theirs} ${badge}\n` });
        expect(await outcome(dead)).toEqual({ ...silent, stdout: `${theirs}\n` });
      }
      const nothing = (place: typeof live) => run(shell, statusLineCommand(place.location, 'exit 1'), input(sessionId));
      expect(await nothing(live)).toEqual({ ...silent, stdout: `${badge}\n` });
      expect(await nothing(dead)).toEqual(silent);
    });
  });
});
