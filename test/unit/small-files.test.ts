/** The small parsers and files of the daemon and the CLI: settings, durations, session files, hook payloads, log, badges, lock. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { holdsLock, lockOwner, releaseLock, takeLock } from '../../src/background/lock.ts';
import { parseHookPayload } from '../../src/claude/hooks/hook-payload.ts';
import { isSession, parseSessionFile, stateFromStatus } from '../../src/claude/session/session-file.ts';
import { parseClockTime, parseDuration } from '../../src/cli/text/durations.ts';
import { age, colours, sessionTable, shortPath, table } from '../../src/cli/text/render.ts';
import { Badges, renderBadge } from '../../src/daemon/sessions/badges.ts';
import { openLog } from '../../src/home/log.ts';
import { ancestry, isAlive, parentPid, processStartTime, ps } from '../../src/process/identity.ts';
import { parseSetting, readSettings, settingDefinition } from '../../src/settings/read.ts';
import { verifies } from '../requirements.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'cxt-small-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe(`settings ${verifies('settings')}`, () => {
  const read = (env: Record<string, string> = {}) => readSettings({ CLAUDEX_HOME: dir, ...env });
  const store = (value: unknown) => writeFileSync(join(dir, 'config.json'), JSON.stringify(value));

  it('environment over file over default', () => {
    expect(read()).toMatchObject({ values: { 'delivery.leaseMs': 30000, 'claude.path': null } });
    store({ delivery: { leaseMs: 5000, typePeers: true } });
    expect(read()).toMatchObject({
      values: { 'delivery.leaseMs': 5000, 'delivery.typePeers': true, 'badge.enabled': true },
      sources: { 'delivery.leaseMs': 'file', 'badge.enabled': 'default' },
    });
    expect(read({ CLAUDEX_LEASE_MS: '7000', CLAUDEX_TYPE_PEERS: 'off' })).toMatchObject({
      values: { 'delivery.leaseMs': 7000, 'delivery.typePeers': false },
      sources: { 'delivery.leaseMs': 'environment' },
    });
    expect(read({ CLAUDEX_LEASE_MS: '' }).values['delivery.leaseMs']).toBe(5000);
  });

  it('takes nothing of the wrong type from the file, and survives a damaged one', () => {
    store({ delivery: { leaseMs: '5000', typePeers: 'yes' }, claude: [] });
    expect(read().sources).toMatchObject({ 'delivery.leaseMs': 'default', 'delivery.typePeers': 'default' });
    writeFileSync(join(dir, 'config.json'), '{"delivery":');
    expect(read().values['delivery.leaseMs']).toBe(30000);
  });

  it.each([-5, 0, 999, 1.5, 2 ** 31])('takes no number from the file that `config set` would refuse: %s', (leaseMs) => {
    store({ delivery: { leaseMs } });
    expect(read().values['delivery.leaseMs']).toBe(30000);
  });

  it.each(['', ' ', 'x', '1.5', '-1', '999', '1e99', '2147483648'])('refuses %j as a lease', (text) => {
    expect(() => parseSetting(settingDefinition('delivery.leaseMs'), text)).toThrow(
      expect.objectContaining({ code: 'BAD_SETTING' }),
    );
  });

  it('knows the words for true and false, and no setting that is none', () => {
    const badge = settingDefinition('badge.enabled');
    expect(['true', '1', 'YES', 'on', 'false', '0', 'no', 'OFF'].map((text) => parseSetting(badge, text))).toEqual([
      true,
      true,
      true,
      true,
      false,
      false,
      false,
      false,
    ]);
    const allow = settingDefinition('peers.allow');
    expect(parseSetting(allow, 'same-tree')).toBe('same-tree');
    expect(() => parseSetting(allow, 'some')).toThrow('takes all, same-tree, none, not "some"');
    expect(() => parseSetting(badge, 'maybe')).toThrow(expect.objectContaining({ code: 'BAD_SETTING' }));
    expect(() => settingDefinition('nothing')).toThrow(expect.objectContaining({ code: 'UNKNOWN_SETTING' }));
  });
});

describe('durations and times', () => {
  it.each([
    ['30', 30_000],
    ['1.5', 1500],
    ['500ms', 500],
    ['30s', 30_000],
    ['10m', 600_000],
    ['1h30m', 5_400_000],
    ['0.5h', 1_800_000],
    ['2d', 172_800_000],
    ['0s', 0],
  ])('%s', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each(['', '-5s', '5 s', 's', '5x', '1h30', 'soon', '1e3s', 'Infinity'])('%j is no duration', (text) => {
    expect(() => parseDuration(text)).toThrow(expect.objectContaining({ code: 'USAGE' }));
  });

  it('a clock time is the next one', () => {
    const noon = new Date(2026, 0, 31, 12, 0, 0).getTime();
    expect(new Date(parseClockTime('18:00', noon)).toString()).toBe(new Date(2026, 0, 31, 18, 0).toString());
    expect(new Date(parseClockTime('12:00', noon)).toString()).toBe(new Date(2026, 1, 1, 12, 0).toString());
    expect(new Date(parseClockTime('9:05', noon)).toString()).toBe(new Date(2026, 1, 1, 9, 5).toString());
    expect(parseClockTime('2026-03-01T10:00:00Z', noon)).toBe(Date.UTC(2026, 2, 1, 10));
    for (const text of ['24:00', '12:60', 'later', '']) {
      expect(() => parseClockTime(text, noon)).toThrow(expect.objectContaining({ code: 'USAGE' }));
    }
  });
});

describe('what claude writes', () => {
  const whole = { pid: 7, sessionId: 's', cwd: '/w' };

  it('a session file, whole or not at all', () => {
    expect(parseSessionFile(JSON.stringify({ ...whole, status: 'idle', version: '2.1.330', more: {} }))).toEqual({
      ...whole,
      version: '2.1.330',
      kind: null,
      jobId: null,
      isSpare: false,
      parkedJobId: null,
      entrypoint: null,
      procStart: null,
      pidDomain: null,
      status: 'idle',
      waitingFor: null,
      startedAt: null,
      name: null,
      messagingSocketPath: null,
    });
    expect(parseSessionFile(JSON.stringify({ ...whole, status: 3, startedAt: 'x' }))).toMatchObject({ status: null });
    const text = JSON.stringify({ ...whole, status: 'idle' });
    for (let cut = 0; cut < text.length; cut++) expect(parseSessionFile(text.slice(0, cut))).toBeUndefined();
    for (const wrong of ['null', '[]', '7', '{}', '{"pid":"7","sessionId":"s","cwd":"/"}']) {
      expect(parseSessionFile(wrong)).toBeUndefined();
    }
  });

  it(`a claude -p has no prompt box, though it says interactive ${verifies('warm-unseen')}`, () => {
    const file = (fields: object) => parseSessionFile(JSON.stringify({ ...whole, kind: 'interactive', ...fields }))!;
    expect(isSession(file({ entrypoint: 'cli' }))).toBe(true);
    expect(isSession(file({}))).toBe(true);
    for (const fields of [{ entrypoint: 'sdk-cli' }, { entrypoint: 'sdk-ts' }, { kind: 'background' }]) {
      expect(isSession(file(fields))).toBe(false);
    }
  });

  it(`a background job is a session, unless it waits to be used ${verifies('background')}`, () => {
    const job = (fields: object) => {
      const own = { kind: 'bg', jobId: 'fd7f6759', name: 'fd7f6759', ...fields };
      return isSession(parseSessionFile(JSON.stringify({ ...whole, ...own }))!);
    };
    expect(job({})).toBe(true);
    expect(job({ jobId: undefined })).toBe(false);
    const newer = { agent: 'claude', pidDomain: 'linux:3d12:pid:[1]' };
    expect([job(newer), job({ ...newer, spare: true })]).toEqual([true, false]);
    // 2.1.197
    expect([job({ agent: 'claude' }), job({ agent: 'claude', name: 'fix the build' })]).toEqual([false, true]);
  });

  it(`an unknown status is busy: nobody types; a background shell is none ${verifies('prompt-box')}`, () => {
    expect(['idle', 'waiting', 'busy', 'shell', 'dreaming', '', null].map(stateFromStatus)).toEqual([
      'idle',
      'waiting',
      'busy',
      'idle',
      'busy',
      'busy',
      'starting',
    ]);
  });

  it('a hook payload, field by field', () => {
    expect(
      parseHookPayload({
        session_id: 's',
        hook_event_name: 'Stop',
        transcript_path: '/t',
        prompt_id: 'p',
        stop_hook_active: true,
        last_assistant_message: 'done',
        prompt: 7,
      }),
    ).toMatchObject({
      event: 'Stop',
      sessionId: 's',
      transcriptPath: '/t',
      promptId: 'p',
      lastAssistantMessage: 'done',
      prompt: null,
      error: null,
    });
    expect(parseHookPayload({ session_id: 's', hook_event_name: 'StopFailure', error_type: 'overloaded' })?.error).toBe(
      'overloaded',
    );
    for (const wrong of [
      null,
      undefined,
      7,
      'x',
      [],
      {},
      { session_id: 's' },
      { hook_event_name: 'Stop', session_id: 1 },
    ]) {
      expect(parseHookPayload(wrong)).toBeUndefined();
    }
  });
});

describe(`badges ${verifies('badge')}`, () => {
  it.each([
    [0, 0, '[abc12345]'],
    [1, 0, '[abc12345 · 1 peer]'],
    [3, 2, '[abc12345 · 3 peers · ✉2]'],
    [0, 1, '[abc12345 · ✉1]'],
  ])('%i peers, %i unread', (peers, unread, badge) => {
    expect(renderBadge('abc12345', peers, unread)).toBe(badge);
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
});

describe(`lock ${verifies('one-daemon')}`, () => {
  const path = () => join(dir, 'daemon.lock');
  const deadPid = (): number => Number(execFileSync('/bin/sh', ['-c', 'echo $$'], { encoding: 'utf8' }));

  it('is taken once, names its owner, and is released by it', () => {
    expect(takeLock(path(), '1.0.0')).toBe(true);
    expect(takeLock(path(), '1.0.0')).toBe(false);
    expect(lockOwner(path())).toEqual({ pid: process.pid, startTime: processStartTime(process.pid), version: '1.0.0' });
    expect(holdsLock(path())).toBe(true);
    expect(statSync(path()).mode & 0o777).toBe(0o600);
    releaseLock(path());
    expect(readdirSync(dir)).toEqual([]);
  });

  it.each([
    ['of a dead process', () => JSON.stringify({ pid: deadPid(), startTime: '1', version: '1' })],
    [
      'of an earlier process with a pid now alive',
      () => JSON.stringify({ pid: process.pid, startTime: '1', version: '1' }),
    ],
    ['that is half-written', () => '{"pid":'],
    ['that is empty', () => ''],
  ])('is taken over from one %s', (_, text) => {
    writeFileSync(path(), text());
    expect(lockOwner(path())).toBeUndefined();
    expect(takeLock(path(), '2.0.0')).toBe(true);
    expect(holdsLock(path())).toBe(true);
    expect(readdirSync(dir)).toEqual(['daemon.lock']);
  });

  it('of a dead process is taken away by one process at a time', () => {
    const dead = JSON.stringify({ pid: deadPid(), startTime: '1', version: '1' });
    const turn = `${path()}.turn`;
    writeFileSync(path(), dead);
    writeFileSync(turn, JSON.stringify({ pid: process.ppid, startTime: processStartTime(process.ppid), version: '1' }));
    expect(takeLock(path(), '2.0.0')).toBe(false);
    expect(readFileSync(path(), 'utf8')).toBe(dead);
    // whoever had the turn was killed
    writeFileSync(turn, dead);
    expect(takeLock(path(), '2.0.0')).toBe(true);
    expect(readdirSync(dir)).toEqual(['daemon.lock']);
  });

  it('of another live process is neither taken nor removed', () => {
    const text = JSON.stringify({ pid: process.ppid, startTime: processStartTime(process.ppid), version: '1' });
    writeFileSync(path(), text);
    expect(takeLock(path(), '2.0.0')).toBe(false);
    releaseLock(path());
    expect(readFileSync(path(), 'utf8')).toBe(text);
    expect(holdsLock(path())).toBe(false);
  });
});

describe(`log ${verifies('log-without-bodies')}`, () => {
  it('writes one JSON object a line, with mode 0600', () => {
    const log = openLog(join(dir, 'logs', 'd.log'), () => 0);
    log('one\nline', { id: 'm1', count: 2 });
    log('two');
    const lines = readFileSync(join(dir, 'logs', 'd.log'), 'utf8').split('\n');
    expect(JSON.parse(lines[0]!)).toEqual({ at: '1970-01-01T00:00:00.000Z', event: 'one\nline', id: 'm1', count: 2 });
    expect(lines).toHaveLength(3);
    expect(statSync(join(dir, 'logs', 'd.log')).mode & 0o777).toBe(0o600);
  });

  it('rotates at a mebibyte, also one that was there, and keeps three old files', () => {
    const path = join(dir, 'd.log');
    writeFileSync(path, 'x'.repeat(1024 * 1024 - 10));
    const log = openLog(path);
    for (let index = 0; index < 60; index++) log('event', { filler: `${index} ${'ü'.repeat(100_000)}` });
    expect(readdirSync(dir).sort()).toEqual(['d.log', 'd.log.1', 'd.log.2', 'd.log.3']);
    for (const name of readdirSync(dir)) expect(statSync(join(dir, name)).size).toBeLessThanOrEqual(1024 * 1024);
  });

  it('goes on without a log when it cannot be written', () => {
    const path = join(dir, 'logs', 'd.log');
    const log = openLog(path);
    rmSync(join(dir, 'logs'), { recursive: true });
    log('lost');
    expect(existsSync(path)).toBe(false);
  });

  it('no caller passes a body', () => {
    const root = new URL('../../src/', import.meta.url);
    const calls = readdirSync(root, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .flatMap((name) => readFileSync(new URL(name, root), 'utf8').match(/\blog\([^;]*;/g) ?? []);
    expect(calls.length).toBeGreaterThan(5);
    expect(calls.filter((call) => /body|text|answer|prompt\b/.test(call))).toEqual([]);
  });
});

describe('text for people', () => {
  const plain = (cell: string) => cell;

  it('pads columns before colour and trims the end', () => {
    expect(
      table(
        ['A', 'B'],
        [
          ['long', 'x'],
          ['s', ''],
        ],
        plain,
      ),
    ).toBe('A     B\nlong  x\ns');
    expect(table(['A', 'B'], [['x', 'y']], (cell) => `<${cell}>`)).toBe('<A>  <B>\n<x>  <y>');
  });

  it('ages', () => {
    const at = new Date(0).toISOString();
    expect([0, 59, 60, 3599, 3600, 86399, 86400, 200000].map((s) => age(at, s * 1000))).toEqual([
      '0s',
      '59s',
      '1m',
      '59m',
      '1h',
      '23h',
      '1d',
      '2d',
    ]);
    expect(age(new Date(5000).toISOString(), 0)).toBe('0s');
  });

  it('shortens the home folder and only it', () => {
    expect(['/h/u', '/h/u/x', '/h/ux', '/x'].map((path) => shortPath(path, '/h/u'))).toEqual([
      '~',
      '~/x',
      '/h/ux',
      '/x',
    ]);
  });

  it('takes out of a folder’s name what would act on the terminal', () => {
    expect(shortPath('/h/u/a\x1b]0;title\x07b\x1b[2Jc\u202e', '/h/u')).toBe('~/abc');
  });

  it('colours a terminal, not a pipe, not with NO_COLOR, not a dumb one', () => {
    expect(colours({ isTTY: true }, {}).red('x')).not.toBe('x');
    expect(colours({}, {}).red('x')).toBe('x');
    expect(colours({ isTTY: true }, { NO_COLOR: '1' }).red('x')).toBe('x');
    expect(colours({ isTTY: true }, { TERM: 'dumb' }).red('x')).toBe('x');
  });

  it('says that nobody is live', () => {
    expect(sessionTable([], colours({}))).toMatch(/^No live sessions/);
  });
});

describe('process identity', () => {
  it('knows the living from the dead, and one life from the next', () => {
    expect(isAlive(process.pid)).toBe(true);
    expect(processStartTime(process.pid)).toBe(processStartTime(process.pid));
    expect(processStartTime(process.pid)).not.toBeUndefined();
    const dead = Number(execFileSync('/bin/sh', ['-c', 'echo $$'], { encoding: 'utf8' }));
    expect([isAlive(dead), processStartTime(dead), parentPid(dead)]).toEqual([false, undefined, undefined]);
  });

  it('asks ps in one time zone and one language, whatever the caller has', () => {
    const before = process.env.TZ;
    onTestFinished(() => {
      if (before === undefined) delete process.env.TZ;
      else process.env.TZ = before;
    });
    const asked = ['Asia/Tokyo', 'America/New_York'].map((zone) => {
      process.env.TZ = zone;
      return ps(process.pid, 'lstart');
    });
    expect(asked[0]).toMatch(/\d\d:\d\d:\d\d/);
    expect(asked[1]).toBe(asked[0]);
  });

  it('walks up to init', () => {
    const above = [...ancestry(process.pid)];
    expect(above.slice(0, 2)).toEqual([process.pid, process.ppid]);
    expect(above).not.toContain(1);
    expect([...ancestry(0)]).toEqual([]);
  });
});
