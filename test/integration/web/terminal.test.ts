/** Terminals in the web, over a claude that is bytes only. */
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { ScreenMirror } from '../../../src/terminal/screen-mirror.ts';
import { verifies } from '../../requirements.ts';
import { fixture, runClaudex, startClaudex } from '../../support/claudex.ts';
import { registerResource } from '../../support/resources.ts';
import { useTestBed } from '../../support/test-bed.ts';
import { until } from '../../support/until.ts';
import { type RunningWeb, type SocketLog, startWeb } from '../../support/web.ts';

const patient = { timeoutMs: 60_000 };

/** What a browser's terminal would show. */
class Shown {
  readonly mirror: ScreenMirror;
  readonly #log: SocketLog;
  #seen = 0;

  constructor(log: SocketLog, size: { cols: number; rows: number }) {
    this.#log = log;
    this.mirror = new ScreenMirror({ size, onAnswer: () => undefined });
  }

  async text(): Promise<string> {
    for (const word of this.#log.words) if (word.type === 'size') this.mirror.resize(word);
    const bytes = this.#log.bytes();
    this.mirror.write(bytes.subarray(this.#seen));
    this.#seen = bytes.length;
    await new Promise<void>((resolve) => this.mirror.whenSettled(resolve));
    return this.mirror.text({ ansi: false });
  }

  async untilShows(text: string): Promise<void> {
    await until(async () => (await this.text()).includes(text), patient);
  }
}

describe(`a terminal in the web ${verifies('web-terminal')}`, () => {
  const bed = useTestBed();

  async function started(): Promise<{
    web: RunningWeb;
    id: string;
    token: string;
    env: Record<string, string>;
    cwd: string;
  }> {
    const home = bed.home();
    const env = home.env(undefined, { CLAUDEX_CLAUDE_BIN: fixture('flooding-claude.mjs') });
    const web = await startWeb(home, { env });
    const token = await web.token('view', 'terminal', 'manage');
    const { status, json } = await web.send('/api/v1/sessions', { token, body: { cwd: home.cwd, name: 'bytes' } });
    expect([status, json.session?.alias ?? json]).toEqual([201, 'bytes']);
    return { web, id: json.session.id, token, env, cwd: home.cwd };
  }

  const path = (id: string, query = ''): string => `/api/v1/sessions/${id}/terminal${query}`;

  it('begins with the screen, types, has its size, and gives it back', async () => {
    const { web, id, token, env, cwd } = await started();
    const own = startClaudex(['attach', id], { env, cwd, cols: 90, rows: 25 });
    await own.waitForScreen('READY', patient);
    const log = await web.open(path(id, '?cols=70&rows=20'), { token });
    const shown = new Shown(log, { cols: 70, rows: 20 });
    await shown.untilShows('READY');
    const first = log.words.findIndex(({ type }) => type === 'snapshot');
    expect(log.words[first - 1]).toEqual({ type: 'size', cols: 70, rows: 20 });
    log.socket.send(Buffer.from('hello'));
    await shown.untilShows('typed "hello"');
    await own.waitForScreen('typed "hello"', patient);
    log.socket.send(JSON.stringify({ type: 'resize', cols: 60, rows: 18 }));
    await shown.untilShows('size 60x18');
    own.type('me');
    await shown.untilShows('size 90x25');
    await shown.untilShows('typed "me"');
    log.socket.send(JSON.stringify({ type: 'focus' }));
    await until(() => log.words.at(-2)?.cols === 60 || log.words.at(-1)?.cols === 60, patient);
    log.socket.close();
    await own.waitForScreen((screen) => /size 90x25[\s\S]*size 90x25/.test(screen), patient);
    own.key('ctrl-\\');
    await own.waitForExit(patient);
  });

  it('says how much of what was typed it has, also to the connection that comes after one that died', async () => {
    const { web, id, token } = await started();
    const open = () => web.open(path(id, '?cols=80&rows=24&stream=keys-of-a-browser'), { token });
    const first = await open();
    const typed = (log: SocketLog) => log.words.filter(({ type }) => type === 'typed');
    await until(() => typed(first).length === 1, patient);
    expect(typed(first)).toEqual([{ type: 'typed', taken: 0, known: false }]);
    const shown = new Shown(first, { cols: 80, rows: 24 });
    await shown.untilShows('READY');
    first.socket.send(Buffer.from('hello'));
    await until(() => typed(first).at(-1).taken === 5, patient);
    // two that come at once are one to the program
    await shown.untilShows('typed "hello"');
    const second = await open();
    expect(await first.closed).toBe(1006);
    await until(() => typed(second).length === 1, patient);
    expect(typed(second)).toEqual([{ type: 'typed', taken: 5, known: true }]);
    second.socket.send(Buffer.from('again'));
    await new Shown(second, { cols: 80, rows: 24 }).untilShows('typed "again"');
    await expect(web.open(path(id, '?stream=%20%20%20%20%20%20%20%20'), { token })).rejects.toThrow('refused with 400');
  });

  it('a device that was revoked types nothing more, and is out, whatever it does with the farewell', async () => {
    const { web, id, token } = await started();
    const [writer, stays] = [await web.token('terminal'), await web.open(path(id, '?cols=80&rows=24'), { token })];
    const head = [
      `GET ${path(id)} HTTP/1.1`,
      'Host: localhost',
      `Authorization: Bearer ${writer}`,
      'Connection: Upgrade',
    ];
    const rest = ['Upgrade: websocket', 'Sec-WebSocket-Version: 13', `Sec-WebSocket-Key: ${'A'.repeat(22)}==`, '', ''];
    const socket = connect(web.port, '127.0.0.1');
    registerResource({ label: 'a socket that says no goodbye', dispose: () => void socket.destroy() });
    let read = '';
    socket.setEncoding('latin1').on('data', (chunk: string) => (read += chunk));
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    const type = (text: string) =>
      socket.write(Buffer.concat([Buffer.from([0x82, 0x80 | text.length, 0, 0, 0, 0]), Buffer.from(text)]));
    socket.write([...head, ...rest].join('\r\n'));
    const shown = new Shown(stays, { cols: 80, rows: 24 });
    await shown.untilShows('READY');
    await until(() => read.includes('READY'), patient);
    type('while it may');
    await shown.untilShows('typed "while it may"');
    const [, device] = writer.split('_');
    const revoked = await web.send(`/api/v1/devices/${device}`, { token, method: 'DELETE' });
    expect(revoked.status).toBe(200);
    type('after that');
    await closed;
    stays.socket.send(Buffer.from('by another'));
    await shown.untilShows('typed "by another"');
    expect(await shown.text()).not.toContain('after that');
  });

  it('with readonly it only looks, whatever it sends, and needs the scope to change that', async () => {
    const { web, id, token } = await started();
    const viewing = await web.token('view');
    const writer = await web.open(path(id, '?cols=80&rows=24'), { token });
    const log = await web.open(path(id, '?cols=40&rows=10&readonly=1'), { token: viewing });
    log.socket.send(Buffer.from('not typed'));
    log.socket.send(JSON.stringify({ type: 'resize', cols: 33, rows: 11 }));
    log.socket.send(JSON.stringify({ type: 'mode', readonly: false }));
    await until(() => log.words.some((word) => word.error?.code === 'SCOPE_MISSING'), patient);
    log.socket.send('{"type":"shell","command":"id"}');
    log.socket.send('no json');
    await until(() => log.words.filter((word) => word.error?.code === 'BAD_REQUEST').length === 2, patient);
    writer.socket.send(Buffer.from('typed by the writer'));
    const shown = new Shown(log, { cols: 80, rows: 24 });
    await shown.untilShows('typed "typed by the writer"');
    expect(await shown.text()).not.toMatch(/not typed|size 33x11/);
    writer.socket.send(JSON.stringify({ type: 'mode', readonly: true }));
    await until(() => writer.words.filter((word) => word.type === 'snapshot').length === 2, patient);
    writer.socket.send(Buffer.from('not now'));
    writer.socket.send(JSON.stringify({ type: 'mode', readonly: false }));
    await until(() => writer.words.filter((word) => word.type === 'snapshot').length === 3, patient);
    writer.socket.send(Buffer.from('again'));
    await shown.untilShows('typed "again"');
    expect(await shown.text()).not.toContain('not now');
  });

  it('a reader that does not keep up costs no memory, holds nobody up, and ends with the same screen', async () => {
    const { web, id, token, env } = await started();
    const slow = await web.open(path(id, '?cols=80&rows=24&readonly=1'), { token });
    const fast = await web.open(path(id, '?cols=80&rows=24'), { token });
    const shown = new Shown(fast, { cols: 80, rows: 24 });
    await shown.untilShows('READY');
    slow.socket.pause();
    const before = (await web.send('/api/v1/health', { token })).json.memoryBytes;
    fast.socket.send(Buffer.from('f'));
    await until(() => fast.bytes().includes('FLOOD DONE'), patient);
    const after = (await web.send('/api/v1/health', { token })).json.memoryBytes;
    expect(after - before).toBeLessThan(60 * 1024 * 1024);
    slow.socket.resume();
    const late = new Shown(slow, { cols: 80, rows: 24 });
    await late.untilShows('FLOOD DONE');
    expect(slow.bytes().length).toBeLessThan(30_000_000);
    const peek = await runClaudex(['peek', id], { env });
    expect((await late.text()).trimEnd()).toBe(peek.stdout.trimEnd());
  });

  it('says why it ends, and is refused with words before the upgrade', async () => {
    const { web, id, token } = await started();
    await expect(web.open(path('nobody'), { token })).rejects.toThrow(/refused with 404.*NO_SUCH_SESSION/);
    await expect(web.open(path(id, '?cols=many'), { token })).rejects.toThrow(/refused with 400.*"cols/);
    await expect(web.open(path('%zz'), { token })).rejects.toThrow('refused with 400');
    const log = await web.open(path(id, '?cols=80&rows=24'), { token });
    log.socket.send(Buffer.from('q'));
    expect(await log.closed).toBe(1000);
    expect(log.words.at(-1)).toMatchObject({ type: 'bye', reason: 'ended', exit: { code: 0 } });
    await until(
      async () => (await web.send(`/api/v1/sessions/${id}`, { token })).json.session.state === 'ended',
      patient,
    );
    await expect(web.open(path(id), { token })).rejects.toThrow(/refused with 409.*NOT_RUNNING/);
    const huge = await web.open('/ws', { token });
    huge.socket.send(Buffer.alloc(2 * 1024 * 1024));
    expect([1006, 1009]).toContain(await huge.closed);
  });
});
