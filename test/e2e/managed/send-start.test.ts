/** Messages for managed sessions on the real claude: one is started where none is, and none goes to another conversation. */
import { mkdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { verifies } from '../../requirements.ts';
import { realClaudeVersion } from '../../support/claude-binary.ts';
import { runClaudex } from '../../support/claudex.ts';
import { daemonClient, waitForMessage } from '../../support/daemon-watch.ts';
import type { HermeticHome } from '../../support/hermetic-home.ts';
import { useTestBed } from '../../support/test-bed.ts';
import { until } from '../../support/until.ts';

describe(`messages for managed sessions of claude ${realClaudeVersion()}`, () => {
  const bed = useTestBed();
  const claudex = (home: HermeticHome, api: { url: string }, ...args: string[]) =>
    runClaudex(args, { env: home.env(api), cwd: home.root });
  const stateOf = async (home: HermeticHome, id: string): Promise<string | undefined> =>
    (await daemonClient(home).managed()).find((one) => one.id === id)?.state;

  it(`send --start starts one where none is, and the next goes to the same; one that was stopped is not woken ${verifies('send-start')}`, async () => {
    const home = bed.home();
    const api = await bed.api({ text: 'an answer' });
    const first = await claudex(home, api, 'send', '--start', home.cwd, 'the first', '--wait');
    expect(first).toMatchObject({ code: 0, stdout: 'an answer\n' });
    const [session, ...others] = await daemonClient(home).managed();
    expect(others).toEqual([]);
    expect(first.stderr).toContain(`Started session ${session!.id}`);
    const second = await claudex(home, api, 'ask', '--start', home.cwd, 'the second');
    expect(second).toMatchObject({ code: 0, stdout: 'an answer\n' });
    expect(second.stderr).not.toContain('Started');
    expect(JSON.stringify(api.requests.at(-1))).toContain('the first');
    expect(await daemonClient(home).managed()).toHaveLength(1);

    await claudex(home, api, 'stop', session!.id);
    await until(async () => (await stateOf(home, session!.id)) === 'stopped');
    const refused = await claudex(home, api, 'send', '--start', home.cwd, 'anybody?');
    expect(refused.code).toBe(3);
    expect(refused.stderr).toContain('claudex resume');
    expect(await stateOf(home, session!.id)).toBe('stopped');
  });

  it(`a name means its session also while it sleeps, and what waits for one that is forgotten is for nobody else ${verifies('send-start')}`, async () => {
    const home = bed.home({ cwdNames: ['project', 'reviewer'] });
    const api = await bed.api({ text: 'an answer' });
    const started = await claudex(home, api, 'start', home.cwd, '--name', 'reviewer', '--idle-timeout', '1s');
    const id = started.stdout.trim();
    await until(async () => (await stateOf(home, id)) === 'sleeping');
    const other = await claudex(home, api, 'start', home.dir('reviewer'), '--keep-warm');
    expect(other.code).toBe(0);
    const later = await claudex(home, api, 'send', 'reviewer', 'in a day', '--delay', '1d');
    const waiting = await daemonClient(home).message(later.stdout.trim());
    expect(waiting.recipient.id).toBe(id);
    expect((await claudex(home, api, 'ask', 'reviewer', 'who are you?')).code).toBe(0);
    expect((await daemonClient(home).messages({ ended: 10 })).every((one) => one.recipient.id === id)).toBe(true);
    await claudex(home, api, 'stop', id);
    await until(async () => (await stateOf(home, id)) === 'stopped');
    await claudex(home, api, 'forget', id);
    const failed = await waitForMessage(home, waiting.id, ['failed']);
    expect(failed.reason).toContain('forgotten');
  });

  it(`--start takes a folder alone ${verifies('send-start')}`, async () => {
    const home = bed.home();
    const api = await bed.api();
    mkdirSync(`${home.root}/empty`);
    for (const args of [
      ['--start', 'nobody', 'hello'],
      ['--start', './not-there', 'hello'],
      ['--start', '--hold', './empty', 'hello'],
    ]) {
      expect((await claudex(home, api, 'send', ...args)).code).toBe(2);
    }
    expect(await daemonClient(home).managed()).toEqual([]);
  });
});
