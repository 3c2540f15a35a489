/** Whether hooks live is said by what has come, and by what should have; a reason is named only where a file tells it. */
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { whyNoHooks } from '../../../src/claude/hooks/why-no-hooks.ts';
import { readHookTrace } from '../../../src/cli/hook-trace.ts';
import { hookProblems, hookText } from '../../../src/cli/text/hook-text.ts';
import type { SessionRecord } from '../../../src/protocol/session.ts';
import { verifies } from '../../requirements.ts';
import { aRecord } from '../../support/daemon-stand-in.ts';

const now = Date.parse('2026-11-27T15:00:00.000Z');
const iso = (ms: number): string => new Date(now + ms).toISOString();

function aPlace() {
  const root = mkdtempSync(join(tmpdir(), 'claudex-trace-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const env = { HOME: root };
  const put = (path: string, value: unknown): string => {
    const file = join(root, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, typeof value === 'string' ? value : JSON.stringify(value));
    return file;
  };
  const cwd = join(root, 'work', 'api');
  mkdirSync(cwd, { recursive: true });
  const trace = (sessions: SessionRecord[], silentIds: string[] = [], missingEntries: string | null = null) =>
    readHookTrace({
      sessions,
      silentIds: new Set(silentIds),
      failedPath: join(root, 'hook-failed'),
      env,
      now,
      missingEntries,
    });
  return { root, env, put, cwd, trace };
}

const prompt = (ms: number, content = 'go on'): string =>
  `${JSON.stringify({ type: 'user', timestamp: iso(ms), origin: { kind: 'human' }, message: { role: 'user', content } })}\n`;

describe(`the hook trace ${verifies('hook-trace')}`, () => {
  it('a session that has been heard of, one that had nothing to send yet, and one that should have', () => {
    const { cwd, trace } = aPlace();
    const heard = aRecord({ id: 'a', cwd, lastHook: { event: 'Stop', at: iso(-12_000) } });
    const { sessions } = trace([heard, aRecord({ id: 'b', cwd }), aRecord({ id: 'c', cwd })], ['c']);
    expect(sessions.map(({ state }) => state)).toEqual(['heard', 'none-due', 'silent']);
  });

  it('a prompt in the transcript that no hook has told of says that they have stopped', () => {
    const { put, cwd, trace } = aPlace();
    const at = (lines: string) =>
      aRecord({ id: 'a', cwd, transcriptPath: put('t.jsonl', lines), lastHook: { event: 'Stop', at: iso(-600_000) } });
    expect(trace([at(prompt(-601_000))]).sessions[0]!.state).toBe('heard');
    expect(trace([at(prompt(-300_000))]).sessions[0]!.state).toBe('quiet');
    // it may be on its way
    expect(trace([at(prompt(-5_000))]).sessions[0]!.state).toBe('heard');
    // neither of them is a prompt for claude
    expect(
      trace([
        at(prompt(-300_000, '<bash-input>ls</bash-input>') + prompt(-300_000, '<command-name>/model</command-name>')),
      ]).sessions[0]!.state,
    ).toBe('heard');
  });

  it('a hook that failed leaves a line, and what came later makes it history', () => {
    const { put, cwd, trace } = aPlace();
    const path = put('hook-failed', 'curl-28 1000\n');
    utimesSync(path, (now - 60_000) / 1000, (now - 60_000) / 1000);
    const before = trace([aRecord({ id: 'a', cwd, pid: 1000, lastHook: { event: 'Stop', at: iso(-90_000) } })]);
    expect(before.failure).toEqual({
      reason: expect.stringContaining('in time'),
      pid: 1000,
      at: iso(-60_000),
      session: 'a',
      isOver: false,
    });
    expect(hookProblems(before).map(({ code }) => code)).toEqual(['HOOK_FAILED']);
    const after = trace([aRecord({ id: 'a', cwd, lastHook: { event: 'Stop', at: iso(-30_000) } })]);
    expect(after.failure?.isOver).toBe(true);
    expect(hookProblems(after)).toEqual([]);
    expect(hookText(after, true)).toContain('they came through since');
  });

  it('what is no line of ours is not shown', () => {
    const { put, trace } = aPlace();
    for (const text of ['', '\x1b[2J 12\n', 'curl-28\n', `curl-28 ${'1'.repeat(300)}\n`]) {
      put('hook-failed', text);
      expect(trace([]).failure).toBeNull();
    }
  });

  it('a silent session comes with every reason that is known', () => {
    const { put, cwd, trace } = aPlace();
    put('.claude/settings.json', { disableAllHooks: true });
    const bare = trace([aRecord({ id: 'a', cwd, supervised: false })], ['a'], 'the entries have gone');
    expect(bare.sessions[0]!.why).toEqual(['the entries have gone', expect.stringContaining('disableAllHooks')]);
    // what claudex has started brings its own
    expect(trace([aRecord({ id: 'a', cwd })], ['a'], 'the entries have gone').sessions[0]!.why).toHaveLength(1);
    expect(hookProblems(bare)[0]!.message).toContain('the entries have gone; disableAllHooks is true in');
  });
});

describe('why claude runs no hook', () => {
  const why = ({ env, cwd }: ReturnType<typeof aPlace>, args: string[] = []): string[] =>
    whyNoHooks({ cwd, args, env, policies: [join(env.HOME, 'policy', 'managed-settings.json')] });

  it('nothing that is known: nothing is said', () => {
    const place = aPlace();
    expect(why(place)).toEqual([]);
    place.put('.claude/settings.json', '{ damaged');
    place.put('work/api/.claude/settings.json', { disableAllHooks: 'true' });
    expect(why(place)).toEqual([]);
  });

  it.each([
    '.claude/settings.json',
    'work/api/.claude/settings.json',
    'work/api/.claude/settings.local.json',
    'policy/managed-settings.json',
  ])('disableAllHooks in %s', (path) => {
    const place = aPlace();
    const file = place.put(path, { disableAllHooks: true });
    expect(why(place)).toEqual([`disableAllHooks is true in ${file}`]);
  });

  it('a policy that lets only its own hooks run; the same word elsewhere means nothing', () => {
    const place = aPlace();
    place.put('.claude/settings.json', { allowManagedHooksOnly: true });
    expect(why(place)).toEqual([]);
    const file = place.put('policy/managed-settings.json', { allowManagedHooksOnly: true });
    expect(why(place)).toEqual([`allowManagedHooksOnly is true in ${file}`]);
  });

  it('an option of the command line', () => {
    expect(why(aPlace(), ['--model', 'opus', '--bare'])).toEqual(['it was started with --bare']);
  });

  it('a folder that nobody has trusted; trust holds for what lies below', () => {
    const place = aPlace();
    const trust = (folder: string, hasTrustDialogAccepted: boolean) =>
      place.put('.claude.json', { projects: { [folder]: { hasTrustDialogAccepted } } });
    trust(place.cwd, false);
    expect(why(place)).toEqual([expect.stringContaining(`nobody has trusted ${place.cwd}`)]);
    trust(place.cwd, true);
    expect(why(place)).toEqual([]);
    trust(join(place.root, 'work'), true);
    expect(why(place)).toEqual([]);
    // of the home folder it is kept nowhere
    trust('/elsewhere', true);
    expect(why({ ...place, cwd: place.root })).toEqual([]);
  });
});
