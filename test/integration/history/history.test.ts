/** The built commands that read conversations, on transcripts that the real claude once wrote, and on a session that goes on. */
import { chmodSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Turn } from '../../../src/claude/transcript/turn.ts';
import { ownCommands } from '../../../src/cli/start/own-commands.ts';
import type { SearchHit } from '../../../src/history/scan-transcript.ts';
import { searchTranscripts } from '../../../src/history/search.ts';
import type { SessionRecord } from '../../../src/protocol/session.ts';
import { verifies } from '../../requirements.ts';
import { claudexBin, runClaudex, startClaudex } from '../../support/claudex.ts';
import { daemonClient, sendMessage, waitForMessage, waitForSessionRecord } from '../../support/daemon-watch.ts';
import type { HermeticHome } from '../../support/hermetic-home.ts';
import { type PtyDriver, startInPty } from '../../support/pty-driver.ts';
import { run } from '../../support/run-command.ts';
import { withStandIn } from '../../support/stand-in.ts';
import { useTestBed } from '../../support/test-bed.ts';
import { runHeldToModes } from '../../support/unwritable-home.ts';
import { waitForFile } from '../../support/wait-for-file.ts';

const fixtures = fileURLToPath(new URL('../../fixtures/transcripts', import.meta.url));
const talk = '11111111-1111-4111-8111-111111111111';
const forked = '22222222-2222-4222-8222-222222222222';
const cleared = '33333333-3333-4333-8333-333333333333';

describe('conversations', () => {
  const bed = useTestBed();

  /** A home in which the conversations of that version have ended. */
  function readerHome(version: string): HermeticHome {
    const home = bed.home();
    for (const [name, id] of [
      ['conversation', talk],
      ['cleared', cleared],
      ['forked', forked],
    ] as const) {
      copyFileSync(join(fixtures, version, `${name}.jsonl`), transcript(home, '/work/project', id));
    }
    return home;
  }

  function transcript(home: HermeticHome, cwd: string, id: string): string {
    const folder = join(home.home, '.claude', 'projects', cwd.replaceAll(/[^a-zA-Z0-9]/g, '-'));
    mkdirSync(folder, { recursive: true });
    return join(folder, `${id}.jsonl`);
  }

  const claudex = (home: HermeticHome, ...args: string[]) =>
    runClaudex(args, { cwd: home.cwd, env: home.env(), timeoutMs: 60_000 });

  it.each(['2.1.197', '2.1.330'])('%s: history, show and search of what has ended', async (version) => {
    const home = readerHome(version);
    const history = await claudex(home, 'history', talk.slice(0, 8), '--all');
    expect(history).toMatchObject({ code: 0, stderr: '' });
    expect(history.stdout).toContain('── 1 · you · ');
    expect(history.stdout).toContain('> first question "quoted" ünï\n');
    expect(history.stdout).toMatch(/ {2}Bash {2}seq 1 3000 {2}13\.9 kB\n/);
    expect(history.stdout).toContain('(conversation compacted)\n');
    const turns = JSON.parse((await claudex(home, 'history', talk, '-n', '2', '--json')).stdout) as Turn[];
    expect(turns.map((turn) => turn.prompt)).toEqual(['after compact', 'after resume']);
    const one = JSON.parse((await claudex(home, 'show', talk, `${turns[0]!.index}`, '--json')).stdout) as Turn;
    expect(one).toEqual(turns[0]);
    expect((await claudex(home, 'show', talk, '-1')).stdout).toContain('> after resume\n');
    const hits = JSON.parse((await claudex(home, 'search', talk, '--json', 'after', 'resume')).stdout) as SearchHit[];
    expect(hits[0]).toMatchObject({ sessionId: talk, where: 'prompt', text: 'after resume', turn: turns[1]!.index });
  });

  it(`results are cut and secrets masked, unless raw ${verifies('history-redacted')}`, async () => {
    const home = readerHome('2.1.330');
    const shown = await claudex(home, 'show', talk, '2');
    expect(shown.stdout).toMatch(/… 2960 lines, \d+ bytes left out …/);
    const raw = await claudex(home, 'show', talk, '2', '--raw');
    expect(raw.stdout).toContain('\n    1500\n');
    const key = `sk-ant-${'a1'.repeat(20)}`;
    const line = JSON.stringify({ type: 'user', message: { content: `use ${key}` }, cwd: '/work/keys' });
    writeFileSync(transcript(home, '/work/keys', talk.replaceAll('1', '7')), `${line}\n`);
    for (const args of [
      ['history', '/work/keys'],
      ['search', '--all', key],
      ['history', 'keys', '--json'],
    ]) {
      const masked = await claudex(home, ...args);
      expect(masked.stdout).toContain('use [secret, 47 characters]');
      expect((await claudex(home, ...args, '--raw')).stdout).toContain(key);
    }
  });

  it('search: every conversation of a folder or of all, a copied line once; 7 when nothing is found', async () => {
    const home = readerHome('2.1.330');
    const found = async (...args: string[]): Promise<string[]> =>
      (JSON.parse((await claudex(home, 'search', '--json', ...args)).stdout) as SearchHit[]).map(
        (hit) => hit.sessionId,
      );
    expect(await found('--all', '-E', '^after (clear|resume)$')).toHaveLength(2);
    expect(new Set(await found('/work/project', 'after'))).toEqual(new Set([talk, forked]));
    expect(await found(cleared, 'after clear')).toEqual([cleared]);
    expect(await found('--all', '-i', 'FIRST QUESTION "QUOTED" ÜNÏ')).toEqual([talk]);
    const none = await claudex(home, 'search', '--all', 'no such words anywhere');
    expect(none).toMatchObject({ code: 7, stdout: '', stderr: '' });
    const most = await claudex(home, 'search', talk, '-m', '3', 'a');
    expect(most.stdout.trim().split('\n')).toHaveLength(4);
    expect(most.stderr).toBe('Stopped after 3 hits; --max 30 shows more.\n');
    const context = await claudex(home, 'search', talk, '-C', '1', '-E', '^1500$');
    expect(context.stdout).toMatch(/ 1499\n .*2 {2}result {4}1500\n .* 1501\n/);
  });

  it('a conversation that may not be read is passed over', async () => {
    const home = readerHome('2.1.330');
    const path = transcript(home, '/work/of-root', talk.replaceAll('1', '8'));
    writeFileSync(path, '{"type":"user","cwd":"/work/of-root","message":{"content":"first question"}}\n');
    chmodSync(path, 0o000);
    const listed = await runHeldToModes(home, ['history', '--list']);
    expect(listed).toMatchObject({ code: 0, stderr: '' });
    expect(listed.stdout).toContain('/work/project');
    expect(listed.stdout).not.toContain('/work/of-root');
    const found = await runHeldToModes(home, ['search', '--all', 'first question']);
    expect(found).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('first question') });
  });

  it(`a pattern made to hang is stopped ${verifies('search-bounded')}`, async () => {
    const home = bed.home();
    const line = JSON.stringify({ type: 'user', message: { content: `${'a'.repeat(60)}!` } });
    writeFileSync(transcript(home, '/work/slow', talk), `${line}\n`);
    const slow = await claudex(home, 'search', '--all', '-E', '^(a+)+$');
    expect(slow.code).toBe(3);
    expect(slow.stderr).toContain('The pattern takes too long, so the search was stopped.');
    expect((await claudex(home, 'search', '--all', '-E', '(')).code).toBe(2);
  });

  it(`a search ends when nobody wants it any more ${verifies('search-bounded')}`, async () => {
    const path = transcript(bed.home(), '/work/slow', talk);
    writeFileSync(path, `${JSON.stringify({ type: 'user', message: { content: `${'a'.repeat(60)}!` } })}\n`);
    const stop = new AbortController();
    const query = { text: '^(a+)+$', isRegex: true, ignoreCase: false };
    const first = searchTranscripts([{ sessionId: talk, path, bytes: 100 }], query, { signal: stop.signal }).next();
    stop.abort();
    await expect(first).rejects.toMatchObject({ code: 'ABORTED' });
  });

  it('the list of conversations, those of one folder, and what is not there', async () => {
    const home = readerHome('2.1.197');
    writeFileSync(
      transcript(home, '/work/web', talk.replaceAll('1', '8')),
      '{"type":"user","cwd":"/work/web","message":{"content":"hi there"}}\n',
    );
    const all = (await claudex(home, 'history', '--list')).stdout;
    expect(all.trim().split('\n')).toHaveLength(5);
    expect(all).toMatch(/88888888-\S+ .* \/work\/web +hi there\n/);
    const some = JSON.parse((await claudex(home, 'history', '/work/project', '--list', '--json')).stdout) as unknown[];
    expect(some).toHaveLength(3);
    expect(await claudex(home, 'history', '/work/nowhere')).toMatchObject({ code: 3, stdout: '' });
    expect(await claudex(home, 'show', talk, '99')).toMatchObject({ code: 3, stdout: '' });
    expect((await claudex(home, 'show', talk, 'x')).code).toBe(2);
    expect((await claudex(home, 'search', talk)).code).toBe(2);
  });

  it(`long text goes through the pager on a terminal; hostile text acts on none ${verifies('history-terminal')}`, async () => {
    const home = bed.home();
    const hostile = 'x\u001b]0;owned\u0007\u001b[2Jy\u009b31m\u202ez';
    const line = JSON.stringify({ type: 'user', message: { content: hostile } });
    writeFileSync(transcript(home, '/work/evil', talk), `${line}\n`);
    const driver = startInPty(process.execPath, [claudexBin, 'history', talk], {
      cwd: home.cwd,
      env: { ...home.env(), PAGER: 'sed s/^/PAGED:/' },
    });
    await driver.waitForExit();
    expect(driver.screen()).toContain('PAGED:> xyz');
    expect(driver.rawOutput().toString('latin1')).not.toMatch(/owned|\[2J|\x9b/);
    const piped = await claudex(home, 'history', talk);
    expect(piped.stdout).toContain('> xyz\n');
  });

  describe('of a session', () => {
    function started(home: HermeticHome, name: string) {
      return startClaudex([], { cwd: home.dir(name), env: withStandIn(home) });
    }

    /** Types a command into the stand-in, sees it there, and presses Enter. */
    async function command(driver: PtyDriver, text: string): Promise<void> {
      driver.type(text);
      await driver.waitForScreen(`❯ ${text}`);
      driver.key('enter');
    }

    const live = (home: HermeticHome, name: string, fits: (one: SessionRecord) => boolean = () => true) =>
      waitForSessionRecord(home, (one) => one.cwd === home.dir(name) && one.state !== 'starting' && fits(one));

    it('--follow prints steps as they come, goes on over /clear, and ends with the session', async () => {
      const home = bed.home({ cwdNames: ['api'] });
      const driver = started(home, 'api');
      const session = await live(home, 'api', (one) => one.state === 'idle');
      await waitForMessage(home, await sendMessage(home, [session.id, 'before']), ['answered']);
      const follower = startInPty(process.execPath, [claudexBin, 'history', '--follow', 'api'], {
        cwd: home.cwd,
        env: home.env(),
      });
      await follower.waitForScreen('before');
      await waitForMessage(home, await sendMessage(home, [session.id, 'meanwhile']), ['answered']);
      await follower.waitForScreen(/ECHO: [\s\S]*meanwhile/);
      await command(driver, '/clear');
      await live(home, 'api', (one) => one.sessionId !== session.sessionId);
      await waitForMessage(home, await sendMessage(home, [session.id, 'afterwards']), ['answered']);
      await follower.waitForScreen(/\(conversation [0-9a-f-]+\)[\s\S]*ECHO: [\s\S]*afterwards/);
      await command(driver, '/exit');
      expect(await follower.waitForExit()).toEqual({ code: 0, signal: null });
    });

    it(`a name holds over /clear, a restart of the daemon, and the session's end ${verifies('session-name')}`, async () => {
      const home = bed.home({ cwdNames: ['api', 'web'] });
      const driver = started(home, 'api');
      started(home, 'web');
      const session = await live(home, 'api', (one) => one.state === 'idle');
      await live(home, 'web', (one) => one.state === 'idle');
      const named = await claudex(home, 'name', 'api', 'reviewer');
      expect(named).toMatchObject({ code: 0, stdout: `${session.id} is reviewer.\n` });
      const badge = join(home.claudexHome, 'badges', session.sessionId!);
      await waitForFile(badge, (text) => text?.includes('[reviewer · 1 peer]'), { what: 'the name in the badge' });
      expect(await claudex(home, 'name', 'web', 'Reviewer')).toMatchObject({ code: 3 });
      await command(driver, '/clear');
      await live(home, 'api', (one) => one.sessionId !== session.sessionId);
      await claudex(home, 'daemon', 'stop');
      const id = await sendMessage(home, ['reviewer', 'look at this']);
      expect(await waitForMessage(home, id, ['answered'])).toMatchObject({ recipient: { id: session.id } });
      expect((await claudex(home, 'list')).stdout).toMatch(new RegExp(`${session.id}  reviewer `));
      await command(driver, '/exit');
      await driver.waitForExit();
      await waitForSessionRecord(home, (one) => one.cwd === home.dir('web') && one.alias === null);
      expect((await claudex(home, 'history', 'reviewer')).stdout).toContain('look at this');
      expect(await claudex(home, 'name', 'web', 'reviewer')).toMatchObject({ code: 0 });
      expect(await claudex(home, 'name', 'reviewer', '--clear')).toMatchObject({ code: 0 });
      expect((await daemonClient(home).names()).length).toBe(0);
    });

    it(`list picks by folder and state; bash completes who is live ${verifies('find-session')}`, async () => {
      const home = bed.home({ cwdNames: ['api', 'web'] });
      started(home, 'api');
      const web = started(home, 'web');
      await live(home, 'api', (one) => one.state === 'idle');
      const session = await live(home, 'web', (one) => one.state === 'idle');
      await command(web, '/model');
      await live(home, 'web', (one) => one.state === 'waiting');
      const listed = async (cwd: string, ...args: string[]): Promise<string[]> => {
        const result = await runClaudex(['list', '--json', ...args], { cwd, env: home.env() });
        return (JSON.parse(result.stdout) as SessionRecord[]).map((one) => one.name).sort();
      };
      expect(await listed(home.root)).toEqual(['api', 'web']);
      expect(await listed(home.root, '--idle')).toEqual(['api']);
      expect(await listed(home.root, '--waiting')).toEqual(['web']);
      expect(await listed(home.root, '--waiting', '--idle')).toEqual(['api', 'web']);
      expect(await listed(home.dir('web'), '--here')).toEqual(['web']);
      expect(await listed(home.dir('web'), '--here', '--idle')).toEqual([]);
      await claudex(home, 'name', 'web', 'reviewer');

      const script = (await claudex(home, 'completion', 'bash')).stdout;
      const complete = async (...words: string[]): Promise<string[]> => {
        const code = `claudex() { "${process.execPath}" "${claudexBin}" "$@"; }\n${script}
          COMP_WORDS=(claudex "$@"); COMP_CWORD=$#; _claudex; printf '%s\\n' "\${COMPREPLY[@]}"`;
        const result = await run('bash', ['-c', code, 'bash', ...words], { cwd: home.cwd, env: home.env() });
        return result.stdout
          .split('\n')
          .filter((word) => word !== '')
          .sort();
      };
      expect(await complete('hi')).toEqual(['history']);
      expect(await complete('history', '')).toEqual(expect.arrayContaining(['api', 'web', 'reviewer', session.id]));
      expect(await complete('send', 'rev')).toEqual(['reviewer']);
      expect(await complete('config', '')).toEqual(expect.arrayContaining(['get', 'list', 'set', 'unset']));
      expect(await complete('config', 'set', 'delivery.ty')).toEqual(['delivery.typePeers']);
      expect(await complete('config', 'list', '--j')).toEqual(['--json']);
      expect(await complete('send', 'api', '--when', '')).toEqual(['idle', 'now']);
      expect(await complete('send', 'api', '--', '--f')).toEqual([]);
      expect(await complete('inbox', 'cance')).toEqual(['cancel']);
      expect(await complete('inbox', 'rev')).toEqual(['reviewer']);
      expect(await complete('help', 'lis')).toEqual(['list']);
      expect(await complete('daemon', 'logs', '--fol')).toEqual(['--follow']);
    });
  });

  it('the completion of each shell knows every command, and pressing Tab starts no daemon', async () => {
    const home = bed.home();
    for (const shell of ['bash', 'zsh', 'fish']) {
      const script = (await claudex(home, 'completion', shell)).stdout;
      for (const command of ownCommands) expect(script).toMatch(new RegExp(`\\b${command}\\b`));
      expect(script).toContain('claudex completion words');
    }
    expect(await claudex(home, 'completion', 'words', '--', 'send', '')).toMatchObject({ code: 0, stdout: '' });
    expect(() => readFileSync(join(home.claudexHome, 'daemon.lock'))).toThrow('ENOENT');
  });
});
