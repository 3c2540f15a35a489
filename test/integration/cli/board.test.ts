/** `claudex board` in a terminal, with a daemon that says what the test wants. */
import { describe, expect, it } from 'vitest';
import type { Question } from '../../../src/protocol/question.ts';
import { verifies } from '../../requirements.ts';
import { aQuestion } from '../../support/a-question.ts';
import { runClaudex, startClaudex } from '../../support/claudex.ts';
import { aRecord, type DaemonStandIn, startDaemonStandIn } from '../../support/daemon-stand-in.ts';
import type { PtyDriver } from '../../support/pty-driver.ts';
import { useTestBed } from '../../support/test-bed.ts';
import { untouchedTtyFlags } from '../../support/untouched-tty-flags.ts';

describe('claudex board', () => {
  const bed = useTestBed();

  async function aBoard(size = { cols: 110, rows: 24 }, extraEnv: Record<string, string> = {}) {
    const home = bed.home();
    const daemon = await startDaemonStandIn(home.env());
    bed.defer(() => daemon.close());
    daemon.sessions = [
      aRecord({ id: 'api00001', name: 'api' }),
      aRecord({ id: 'web00001', name: 'web', state: 'waiting', waitingFor: 'permission (Bash)' }),
    ];
    const env = { ...home.env(undefined, extraEnv) };
    const start = (): PtyDriver => startClaudex(['board'], { cwd: home.cwd, env, ...size });
    return { home, daemon, env, start, size };
  }

  async function shown(board: PtyDriver, daemon: DaemonStandIn): Promise<PtyDriver> {
    await board.waitForScreen((screen) => screen.includes('permission (Bash)'));
    expect(daemon.listeners()).toBe(1);
    return board;
  }

  it('shows who waits first, follows what happens, and does what keys say', async () => {
    const { daemon, start } = await aBoard();
    daemon.replies.set('POST /v1/messages', () => ({ id: 'm123', route: 'paste', target: {} }));
    const board = await shown(start(), daemon);
    expect(board.inAlternateScreen()).toBe(true);
    const lines = board.screen().split('\n');
    expect(lines[0]).toMatch(/◆ 1 waiting {2}○ 1 idle/);
    expect(lines[2]).toContain('▌◆ web');
    expect(lines[3]).toContain('○ api');
    // an event, and a session that has ended
    daemon.emit({ type: 'session', session: { ...daemon.sessions[0]!, state: 'busy' } });
    await board.waitForScreen('● api');
    daemon.sessions = [daemon.sessions[1]!];
    daemon.emit({ type: 'session', session: aRecord({ id: 'api00001', name: 'api', state: 'gone' }) });
    await board.waitForScreen((screen) => !screen.includes('api'));
    board.type('s');
    await board.waitForScreen('To web ❯');
    board.type('run the tests');
    await board.waitForScreen('run the tests');
    board.key('enter');
    await board.waitForScreen('m123 goes in by paste.');
    expect(daemon.asked).toMatchObject([
      { route: 'POST /v1/messages', body: { target: 'web00001', body: 'run the tests' } },
    ]);
    board.type('?');
    await board.waitForScreen('any key goes back');
    board.type('q');
    await board.waitForScreen((screen) => !screen.includes('any key goes back'));
    board.type('q');
    expect(await board.waitForExit()).toEqual({ code: 0, signal: null });
  });

  it(`answers a question that it shows whole, once, as the person at this board ${verifies('board-answers')}`, async () => {
    const { daemon, start } = await aBoard();
    const question = aQuestion({
      id: 'q-abcdef',
      session: 'web00001',
      name: 'web',
      cwd: '/work/web',
      input: { command: 'rm -rf build' },
      shown: 'rm -rf build\u202e',
      suggestions: [{ text: 'allow Bash(rm:*)' }],
    });
    const answered: Question = { ...question, state: 'answered', decision: 'allow', via: 'board', taken: true };
    daemon.replies.set('POST /v1/questions/q-abcdef/answer', () => answered);
    const board = await shown(start(), daemon);
    daemon.emit({ type: 'question', question });
    const screen = await board.waitForScreen('always: allow Bash(rm:*)');
    expect(screen).toContain('rm -rf build⟨U+202E⟩');
    // its keys are shown when they are alive
    await board.waitForScreen((now) => now.split('\n').at(-1)!.includes('a approve'));
    board.type('1');
    await board.waitForScreen('web: approved.');
    daemon.emit({ type: 'question', question: answered });
    await board.waitForScreen((now) => !now.includes('rm -rf'));
    expect(daemon.asked).toMatchObject([
      { route: 'POST /v1/questions/q-abcdef/answer', body: { via: 'board', decision: 'allow', always: 1 } },
    ]);
    board.type('q');
    await board.waitForExit();
  });

  it('fits itself into another size', async () => {
    const { daemon, start } = await aBoard();
    const board = await shown(start(), daemon);
    board.resize(40, 14);
    await board.waitForScreen((screen) => /^ claudex {2}◆ 1 {2}○ 1$/m.test(screen) && screen.split('\n').length === 14);
    board.resize(120, 30);
    await board.waitForScreen((screen) => screen.split('\n').length === 30 && screen.includes('╮╭'));
    board.type('q');
    await board.waitForExit();
  });

  it('comes back from a Ctrl-Z that nobody would ever continue: it is the only job of its terminal', async () => {
    const { daemon, start } = await aBoard();
    const board = await shown(start(), daemon);
    board.key('ctrl-z');
    await board.waitForScreen((screen) => {
      const bytes = board.rawOutput().toString('latin1');
      const left = bytes.lastIndexOf('\x1b[?1049l');
      return left > 0 && bytes.lastIndexOf('\x1b[?1049h') > left && screen.includes('permission (Bash)');
    });
    board.type('?');
    await board.waitForScreen('any key goes back');
    board.key('ctrl-c');
    expect(await board.waitForExit()).toEqual({ code: 0, signal: null });
  });

  it('writes no colour with NO_COLOR', async () => {
    const { daemon, start } = await aBoard({ cols: 80, rows: 24 }, { NO_COLOR: '1' });
    const board = await shown(start(), daemon);
    board.type('q');
    await board.waitForExit();
    const codes = [
      ...board
        .rawOutput()
        .toString('latin1')
        .matchAll(/\x1b\[([\d;]*)m/g),
    ].flatMap(([, code]) => code!.split(';'));
    expect(codes.filter((code) => /^(3|4|9|10)\d$/.test(code) && !['39', '49'].includes(code))).toEqual([]);
  });

  it.each([
    ['q', (board: PtyDriver) => board.type('q'), { code: 0, signal: null }],
    ['Ctrl-C', (board: PtyDriver) => board.key('ctrl-c'), { code: 0, signal: null }],
    ['SIGTERM', (board: PtyDriver) => board.kill('SIGTERM'), { code: 143, signal: null }],
    ['SIGHUP', (board: PtyDriver) => board.kill('SIGHUP'), { code: 129, signal: null }],
    ['SIGINT', (board: PtyDriver) => board.kill('SIGINT'), { code: 130, signal: null }],
    ['SIGQUIT', (board: PtyDriver) => board.kill('SIGQUIT'), { code: 131, signal: null }],
  ] as const)(`leaves the terminal as it was: %s ${verifies('terminal-restored')}`, async (_, leave, exit) => {
    const { home, daemon, start, size } = await aBoard();
    const flags = await untouchedTtyFlags(home, size);
    const board = await shown(start(), daemon);
    leave(board);
    expect(await board.waitForExit()).toEqual(exit);
    expect(board.inAlternateScreen()).toBe(false);
    expect(board.ttyFlags()).toBe(flags);
    const bytes = board.rawOutput().toString('latin1');
    expect(bytes.lastIndexOf('\x1b[?25h')).toBeGreaterThan(bytes.lastIndexOf('\x1b[?25l'));
    expect(bytes.lastIndexOf('\x1b[?7h')).toBeGreaterThan(bytes.lastIndexOf('\x1b[?7l'));
  });

  it('comes back from an attach that did not work, and says why', async () => {
    const { daemon, start } = await aBoard();
    daemon.sessions = [];
    daemon.managed = [
      {
        id: 'man00001',
        name: 'reviewer',
        cwd: '/work/api',
        sessionId: null,
        state: 'running',
        keepWarm: false,
        idleTimeoutMs: 1,
        restarts: 0,
        exit: null,
        since: '2026-11-27T12:00:00.000Z',
        viewers: 0,
        schedule: null,
        socket: '/nowhere.sock',
      },
    ];
    const board = start();
    await board.waitForScreen('reviewer');
    board.key('enter');
    await board.waitForScreen(/claudex: .*Fix:|HOST|does not answer/);
    expect(board.inAlternateScreen()).toBe(true);
    // it stands there with the first bytes, whenever ink has something to draw
    const bytes = board.rawOutput().toString('utf8');
    const again = bytes.slice(bytes.lastIndexOf('\x1b[?1049h'));
    expect(again.slice(0, again.indexOf('\x1b[?2026l'))).toContain('reviewer');
    board.type('q');
    expect(await board.waitForExit()).toEqual({ code: 0, signal: null });
  });

  it('prints the list where there is no terminal', async () => {
    const { env, home } = await aBoard();
    const list = await runClaudex(['list'], { env, cwd: home.cwd });
    expect((await runClaudex(['board'], { env, cwd: home.cwd })).stdout).toBe(list.stdout);
    const json = await runClaudex(['board', '--json'], { env, cwd: home.cwd });
    expect(JSON.parse(json.stdout)).toHaveLength(2);
  });
});
