/** The built daemon in a home of its own: one per home, mended after every kind of death, unharmed by bad requests. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { DaemonClient } from '../../../src/daemon-client/client.ts';
import { verifies } from '../../requirements.ts';
import { runClaudex } from '../../support/claudex.ts';
import type { HermeticHome } from '../../support/hermetic-home.ts';
import { startSleeper } from '../../support/mcp-client.ts';
import { isAlive, processCommandLine, processesWithEnvironment, processStartTime } from '../../support/processes.ts';
import { useTestBed } from '../../support/test-bed.ts';
import { waitForFile } from '../../support/wait-for-file.ts';

interface Answer {
  status: number;
  text: string;
}

/** One request on the daemon's socket. */
function ask(
  home: HermeticHome,
  method: string,
  path: string,
  body?: string | Buffer,
  headers: Record<string, string> = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const socketPath = join(home.claudexHome, 'daemon.sock');
    const outgoing = request({ socketPath, method, path, headers: { connection: 'close', ...headers } }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }),
      );
      response.on('error', reject);
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

describe('daemon', () => {
  const bed = useTestBed();
  const daemon = (home: HermeticHome, command: string, extra: Record<string, string> = {}) =>
    runClaudex(['daemon', command], { cwd: home.cwd, env: { ...home.env(), ...extra }, timeoutMs: 60_000 });
  const started = async (home: HermeticHome): Promise<number> => {
    const result = await daemon(home, 'start');
    expect(result.stderr).toBe('');
    expect(result.code).toBe(0);
    return Number(/pid (\d+)/.exec(result.stdout)?.[1]);
  };
  const socketOf = (home: HermeticHome): string => join(home.claudexHome, 'daemon.sock');

  it('restart puts another one in its place, and starts one where none is', async () => {
    const home = bed.home();
    const first = await daemon(home, 'restart');
    expect(first).toMatchObject({ code: 0, stdout: expect.stringMatching(/^The daemon runs \(pid \d+/) });
    const pid = Number(/pid (\d+)/.exec(first.stdout)?.[1]);
    const again = await daemon(home, 'restart');
    expect(again.code).toBe(0);
    expect(Number(/pid (\d+)/.exec(again.stdout)?.[1])).not.toBe(pid);
    expect(isAlive(pid)).toBe(false);
  });

  it(`five starts at once make one ${verifies('one-daemon')}`, async () => {
    const home = bed.home();
    const pids = await Promise.all([1, 2, 3, 4, 5].map(() => started(home)));
    expect(new Set(pids).size).toBe(1);
    expect(isAlive(pids[0]!)).toBe(true);
    const log = readFileSync(join(home.claudexHome, 'logs', 'daemon.log'), 'utf8');
    expect(log.match(/"daemon ready"/g)).toHaveLength(1);
  });

  it(`home 0700, socket and files 0600 ${verifies('private-home')}`, async () => {
    const home = bed.home();
    await started(home);
    expect(statSync(home.claudexHome).mode & 0o777).toBe(0o700);
    expect(statSync(socketOf(home)).mode & 0o777).toBe(0o600);
    const open = readdirSync(home.claudexHome, { recursive: true, encoding: 'utf8' }).filter(
      (name) => (statSync(join(home.claudexHome, name)).mode & 0o077) !== 0,
    );
    expect(open).toEqual([]);
  });

  it(`a home that others may read is closed to them ${verifies('private-home')}`, async () => {
    const home = bed.home();
    mkdirSync(home.claudexHome, { mode: 0o755 });
    await started(home);
    expect(statSync(home.claudexHome).mode & 0o777).toBe(0o700);
  });

  it(`stop leaves no socket, address, lock or badge ${verifies('one-daemon')}`, async () => {
    const home = bed.home();
    const pid = await started(home);
    const result = await daemon(home, 'stop');
    expect(result.stdout).toBe('The daemon has stopped.\n');
    expect(isAlive(pid)).toBe(false);
    for (const name of ['daemon.sock', 'daemon.addr', 'daemon.lock']) {
      expect(existsSync(join(home.claudexHome, name)), name).toBe(false);
    }
    expect(readdirSync(join(home.claudexHome, 'badges'))).toEqual([]);
    expect((await daemon(home, 'stop')).stdout).toBe('The daemon does not run.\n');
    expect((await daemon(home, 'status')).code).toBe(3);
  });

  it(`the next start mends what kill -9 left ${verifies('daemon-comes-back')}`, async () => {
    const home = bed.home();
    const first = await started(home);
    process.kill(first, 'SIGKILL');
    const second = await started(home);
    expect(second).not.toBe(first);
    expect(JSON.parse((await ask(home, 'GET', '/v1/status')).text)).toMatchObject({ pid: second });
  });

  it(`is started by who waits for another that dies before it is ready ${verifies('daemon-comes-back')}`, async () => {
    const home = bed.home();
    mkdirSync(home.claudexHome, { mode: 0o700 });
    // to everybody else: a daemon that is starting
    const other = startSleeper();
    const owner = { pid: other, startTime: processStartTime(other), version: '0' };
    writeFileSync(join(home.claudexHome, 'daemon.lock'), JSON.stringify(owner));
    const pid = started(home);
    const children = (): number[] =>
      processesWithEnvironment([home.root]).filter((one) => processCommandLine(one).includes('daemon run'));
    // ours has looked at the lock and left it to the other; where that cannot be seen, the other dies sooner
    if (existsSync('/proc/self/environ')) {
      while (children().length === 0) await delay(5);
      while (children().length > 0) await delay(5);
    }
    process.kill(other, 'SIGKILL');
    expect(isAlive(await pid)).toBe(true);
  });

  it(`one that hangs: commands say so in the end, status names it, and stop ends it ${verifies('daemon-comes-back')}`, async () => {
    const home = bed.home();
    const at = { cwd: home.cwd, env: home.env() };
    const pid = await started(home);
    process.kill(pid, 'SIGSTOP');
    const [list, status, inDaemon] = await Promise.all([
      runClaudex(['list'], at),
      runClaudex(['status', '--json'], at),
      daemon(home, 'status'),
    ]);
    expect(list).toMatchObject({ code: 3, stdout: '' });
    expect(list.stderr).toMatch(/^claudex: The claudex daemon does not answer\.[\s\S]*claudex daemon stop/);
    expect(JSON.parse(status.stdout).problems).toMatchObject([{ code: 'DAEMON_UNREACHABLE' }]);
    expect(inDaemon).toMatchObject({ code: 3, stdout: expect.stringContaining(`pid ${pid}`) });
    expect(await daemon(home, 'stop')).toMatchObject({ code: 0, stdout: 'The daemon has stopped.\n' });
    expect(isAlive(pid)).toBe(false);
    expect(await started(home)).not.toBe(pid);
  });

  it(`a stale socket without a lock is replaced ${verifies('daemon-comes-back')}`, async () => {
    const home = bed.home();
    const pid = await started(home);
    process.kill(pid, 'SIGKILL');
    rmSync(join(home.claudexHome, 'daemon.lock'));
    expect(existsSync(socketOf(home))).toBe(true);
    expect(await started(home)).not.toBe(pid);
  });

  it(`a socket on which something else answers is left alone ${verifies('one-daemon')}`, async () => {
    const home = bed.home();
    mkdirSync(home.claudexHome, { mode: 0o700 });
    const stranger = createServer((socket) => {
      // whoever only looks whether somebody is there hangs up on us
      socket.on('error', () => {});
      socket.resume().end('hello\n');
    });
    await new Promise<void>((resolve) => stranger.listen(socketOf(home), resolve));
    bed.defer(() => new Promise<void>((resolve) => stranger.close(() => resolve())));
    // it may be a daemon that has lost its lock, in the middle of writing
    const journal = join(home.claudexHome, 'journal.ndjson');
    writeFileSync(journal, '{"journal":"claudex","version":1}\n{"t":"acc');
    const result = await daemon(home, 'start');
    expect(result.code).toBe(3);
    expect(result.stderr).toContain('Fix:');
    expect(existsSync(socketOf(home))).toBe(true);
    expect(readFileSync(journal, 'utf8')).toBe('{"journal":"claudex","version":1}\n{"t":"acc');
  });

  it(`a socket of one that is about to be gone is waited out ${verifies('daemon-comes-back')}`, async () => {
    const home = bed.home();
    mkdirSync(home.claudexHome, { mode: 0o700 });
    // a daemon that was killed is dead to everybody while its last thread still holds the socket
    let calls = 0;
    const dying = createServer((socket) => {
      socket.on('error', () => {});
      socket.destroy();
      // the first call is the command's, the second the new daemon's
      if (++calls === 2) dying.close();
    });
    await new Promise<void>((resolve) => dying.listen(socketOf(home), resolve));
    bed.defer(() => void dying.close());
    await started(home);
  });

  it(`a deleted socket comes back, with the same daemon ${verifies('daemon-comes-back')}`, async () => {
    const home = bed.home();
    const pid = await started(home);
    rmSync(socketOf(home));
    await waitForFile(join(home.claudexHome, 'logs', 'daemon.log'), (text) => text?.includes('listening anew'));
    expect(await started(home)).toBe(pid);
    expect(statSync(socketOf(home)).mode & 0o777).toBe(0o600);
  });

  it(`a home too long for a socket’s path works all the same ${verifies('private-home')}`, async () => {
    const home = bed.home();
    const long = join(home.root, 'x'.repeat(120));
    const runtime = join(home.root, 'run');
    mkdirSync(runtime);
    const extra = { CLAUDEX_HOME: long, XDG_RUNTIME_DIR: runtime };
    const result = await daemon(home, 'start', extra);
    expect(result.stderr).toBe('');
    const address = readFileSync(join(long, 'daemon.addr'), 'utf8').trim();
    expect(address.startsWith(runtime)).toBe(true);
    expect(statSync(address).mode & 0o777).toBe(0o600);
    expect(statSync(join(address, '..')).mode & 0o777).toBe(0o700);
    expect((await daemon(home, 'status', extra)).code).toBe(0);
    expect((await daemon(home, 'stop', extra)).code).toBe(0);
    expect(existsSync(address)).toBe(false);
  });

  it(`a damaged journal does not keep it from starting ${verifies('accepted-on-disk')}`, async () => {
    const home = bed.home();
    mkdirSync(home.claudexHome, { mode: 0o700 });
    const lines = ['{"journal":"claudex","version":1}', '{"t":"accept"}', '{}', '\0\0', '{"t":"acc'];
    writeFileSync(join(home.claudexHome, 'journal.ndjson'), lines.join('\n'));
    await started(home);
    expect(JSON.parse((await ask(home, 'GET', '/v1/messages')).text)).toEqual({ messages: [] });
  });

  it(`a journal of a newer claudex is left alone, and said so ${verifies('accepted-on-disk')}`, async () => {
    const home = bed.home();
    mkdirSync(home.claudexHome, { mode: 0o700 });
    const text = '{"journal":"claudex","version":99}\n';
    writeFileSync(join(home.claudexHome, 'journal.ndjson'), text);
    const result = await daemon(home, 'start');
    expect(result.code).toBe(3);
    expect(result.stderr).toContain('format 99');
    expect(readFileSync(join(home.claudexHome, 'journal.ndjson'), 'utf8')).toBe(text);
    expect(existsSync(join(home.claudexHome, 'daemon.lock'))).toBe(false);
  });
});

describe('bad requests', () => {
  const bed = useTestBed();
  const send = (fields: Record<string, unknown>): string =>
    JSON.stringify({ target: 'api', body: 'hi', sender: { kind: 'user', label: 'x' }, ...fields });

  const cases: Array<
    [name: string, method: string, path: string, body?: string | undefined, headers?: Record<string, string>]
  > = [
    ['an unknown address', 'GET', '/v1/nothing'],
    ['an unknown method', 'DELETE', '/v1/status'],
    ['no address', 'GET', '/'],
    ['a full URL of somebody else', 'GET', 'http://evil/v1/status/../x'],
    ['a path out of the ids', 'GET', '/v1/messages/..%2f..%2fetc%2fpasswd'],
    ['a path with dots', 'GET', '/v1/messages/../../etc/passwd'],
    ['an id with a NUL', 'GET', '/v1/messages/%00'],
    ['broken percent-encoding', 'GET', '/v1/messages/%ff%'],
    ['a very long id', 'GET', `/v1/messages/${'x'.repeat(8000)}`],
    ['__proto__ for an id', 'GET', '/v1/messages/__proto__'],
    ['no JSON', 'POST', '/v1/messages', 'target=api'],
    ['half a JSON', 'POST', '/v1/messages', '{"target":'],
    ['no body', 'POST', '/v1/messages'],
    ['a list', 'POST', '/v1/messages', '[]'],
    ['null', 'POST', '/v1/messages', 'null'],
    ['bytes that are no text', 'POST', '/v1/messages', '\xff\xfe\x00'],
    ['a body of another type', 'POST', '/v1/messages', send({ body: 7 })],
    ['an empty body', 'POST', '/v1/messages', send({ body: ' \n' })],
    ['a body of control characters', 'POST', '/v1/messages', send({ body: '\x1b[2J\x07' })],
    ['a body over 256 KiB', 'POST', '/v1/messages', send({ body: 'x'.repeat(256 * 1024 + 1) })],
    ['an unknown kind', 'POST', '/v1/messages', send({ kind: 'order' })],
    ['an unknown route', 'POST', '/v1/messages', send({ route: 'telepathy' })],
    ['a sender that is none', 'POST', '/v1/messages', send({ sender: 'me' })],
    ['no sender', 'POST', '/v1/messages', send({ sender: undefined })],
    ['a number as target', 'POST', '/v1/messages', send({ target: 7 })],
    ['a time that is none', 'POST', '/v1/messages', send({ notBefore: 1.5 })],
    ['a negative expiry', 'POST', '/v1/messages', send({ expiresAt: -1 })],
    ['a session that is not there', 'POST', '/v1/messages', send({})],
    ['a cancel of nothing', 'POST', '/v1/messages/m1/cancel'],
    ['no hook payload', 'POST', '/v1/hooks', '{}'],
    ['a waiter of nobody', 'POST', '/v1/waiters', '{"session_id":"s","hook_event_name":"Stop"}'],
    ['pids of text', 'POST', '/v1/whoami', '{"pids":["1"],"configDir":"/"}'],
    ['a thousand pids', 'POST', '/v1/whoami', JSON.stringify({ pids: Array(1000).fill(1), configDir: '/' })],
    [
      'a supervisor of a dead process',
      'POST',
      '/v1/supervisors',
      JSON.stringify({ pid: 4194304, startTime: '1', cwd: '/', configDir: '/' }),
    ],
    ['a lease of nobody', 'POST', '/v1/supervisors/nobody/lease', '{"messageId":"m","outcome":"typed"}'],
    ['a gate of nobody', 'POST', '/v1/supervisors/nobody/gate', '{"open":true}'],
    ['huge headers', 'GET', '/v1/status', undefined, { 'x-filler': 'x'.repeat(64 * 1024) }],
  ];

  it(`are answered with a 4xx and a code, and the daemon goes on ${verifies('bad-requests')}`, async () => {
    const home = bed.home();
    expect((await runClaudex(['daemon', 'start'], { cwd: home.cwd, env: home.env() })).code).toBe(0);
    const before = JSON.parse((await ask(home, 'GET', '/v1/status')).text);
    for (const [name, method, path, body, headers] of cases) {
      const answer = await ask(home, method, path, body, headers).catch((error: Error) => {
        // node hangs up on headers it will not read, sometimes before its 431 has been read
        if (name !== 'huge headers') throw new Error(`${name}: ${error.message}`, { cause: error });
        return { status: 431, text: '' };
      });
      expect(answer.status, `${name}: ${answer.text}`).toBeGreaterThanOrEqual(400);
      expect(answer.status, `${name}: ${answer.text}`).toBeLessThan(500);
      // node itself answers headers it will not read
      if (name === 'huge headers') continue;
      const { error } = JSON.parse(answer.text);
      expect(error, name).toMatchObject({ code: expect.stringMatching(/^[A-Z_]+$/), fix: expect.any(String) });
      expect(error.code, name).not.toBe('INTERNAL');
    }
    const after = JSON.parse((await ask(home, 'GET', '/v1/status')).text);
    expect(after).toMatchObject({ pid: before.pid, pending: 0, sessions: 0 });
    expect(readFileSync(join(home.claudexHome, 'logs', 'daemon.log'), 'utf8')).not.toContain('internal error');
  });

  it(`a sender that hangs up in the middle of its request is no fault of the daemon ${verifies('bad-requests')}`, async () => {
    const home = bed.home();
    expect((await runClaudex(['daemon', 'start'], { cwd: home.cwd, env: home.env() })).code).toBe(0);
    for (let count = 0; count < 5; count++) {
      await new Promise<void>((resolve) => {
        const socketPath = join(home.claudexHome, 'daemon.sock');
        const headers = { 'content-type': 'application/json', 'content-length': 1000 };
        const half = request({ socketPath, method: 'POST', path: '/v1/messages', headers });
        half.on('error', () => {}); // we hang up
        half.on('close', () => resolve());
        half.write('{"target":"a', () => half.destroy());
      });
      expect((await ask(home, 'GET', '/v1/status')).status).toBe(200);
    }
    expect(readFileSync(join(home.claudexHome, 'logs', 'daemon.log'), 'utf8')).not.toContain('internal error');
  });

  it(`a body over 4 MiB is refused, not read ${verifies('bad-requests')}`, async () => {
    const home = bed.home();
    expect((await runClaudex(['daemon', 'start'], { cwd: home.cwd, env: home.env() })).code).toBe(0);
    // the daemon may hang up before all is written: then the answer is the broken connection
    const answer = await ask(home, 'POST', '/v1/messages', Buffer.alloc(6 * 1024 * 1024, 0x20)).catch(
      (error: NodeJS.ErrnoException) => ({ status: 413, text: error.code ?? '' }),
    );
    expect(answer.status).toBe(413);
    expect(answer.text).toMatch(/BODY_TOO_LARGE|EPIPE|ECONNRESET/);
    expect((await ask(home, 'GET', '/v1/status')).status).toBe(200);
  });

  it(`an answer that breaks off is a daemon that does not answer ${verifies('daemon-comes-back')}`, async () => {
    const socketPath = join(bed.home().root, 'dies.sock');
    const dying = createServer((socket) => {
      socket.once('data', () => {
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"version":', () => socket.destroy());
      });
    });
    await new Promise<void>((resolve) => dying.listen(socketPath, resolve));
    bed.defer(() => void dying.close());
    await expect(new DaemonClient(socketPath).status()).rejects.toMatchObject({ code: 'DAEMON_UNREACHABLE' });
  });
});
