/** Messages into a small stand-in for claude under claudex: woken, waiting, kept in order, once each, whatever dies. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Message } from '../../../src/protocol/message.ts';
import type { SessionRecord } from '../../../src/protocol/session.ts';
import { verifies } from '../../requirements.ts';
import { runClaudex, startClaudex } from '../../support/claudex.ts';
import { daemonClient } from '../../support/daemon-watch.ts';
import type { HermeticHome } from '../../support/hermetic-home.ts';
import type { PtyDriver } from '../../support/pty-driver.ts';
import {
  countInTranscripts,
  promptBox,
  transcriptRecords,
  userMessagesInTranscript,
  waitForPromptBox,
} from '../../support/real-claude.ts';
import { withStandIn } from '../../support/stand-in.ts';
import { useTestBed } from '../../support/test-bed.ts';
import { readIfExists, waitForFile } from '../../support/wait-for-file.ts';

const patient = { timeoutMs: 45_000 };

/** The ids of the messages that reached the conversation, as prompts or by hooks, in order, each as often as it did. */
function marksIn(home: HermeticHome): string[] {
  return transcriptRecords(home)
    .filter((record) => record.type === 'user' || record.attachment?.type === 'hook_additional_context')
    .flatMap((record) => [...JSON.stringify(record).matchAll(/\[claudex (m\w{15}) from/g)].map(([, id]) => id!));
}

describe('delivery', () => {
  const bed = useTestBed();

  const logOf = (home: HermeticHome): string => join(home.claudexHome, 'logs', 'daemon.log');
  const logged = (home: HermeticHome, wanted: RegExp | ((text: string) => boolean)): Promise<true> =>
    waitForFile(
      logOf(home),
      (text) => (typeof wanted === 'function' ? wanted(text ?? '') : wanted.test(text ?? '')) || undefined,
      { ...patient, what: String(wanted) },
    );

  async function claudex(home: HermeticHome, ...args: string[]) {
    const result = await runClaudex(args, { cwd: home.root, env: home.env(), timeoutMs: 60_000 });
    return { ...result, out: result.stdout.trim() };
  }
  /** Sends, and says the id. */
  async function send(home: HermeticHome, ...args: string[]): Promise<string> {
    const result = await claudex(home, 'send', ...args);
    expect(result.stderr).toBe('');
    expect(result.code).toBe(0);
    return result.out;
  }
  const message = async (home: HermeticHome, id: string): Promise<Message> =>
    JSON.parse((await claudex(home, 'inbox', 'show', id, '--json')).out);
  const sessions = async (home: HermeticHome): Promise<SessionRecord[]> =>
    JSON.parse((await claudex(home, 'list', '--json')).out);
  const ended = (home: HermeticHome, id: string) => logged(home, new RegExp(`"message answered","id":"${id}"`));

  /** A supervised, idle session that the daemon knows. */
  async function session(
    home: HermeticHome,
    options: { cwd?: string; afterMs?: number; extra?: Record<string, string> } = {},
  ): Promise<PtyDriver> {
    const startedBefore = supervised(readIfExists(logOf(home)) ?? '');
    const env = withStandIn(home, { turns: [{ afterMs: options.afterMs ?? 0 }] }, options.extra);
    const driver = startClaudex([], { cwd: options.cwd ?? home.cwd, env });
    await waitForPromptBox(driver, { content: '', ...patient });
    await logged(home, (text) => supervised(text) > startedBefore);
    return driver;
  }
  const supervised = (text: string): number => text.match(/"session started"/g)?.length ?? 0;

  it(`send wakes an idle session, once, and tells how ${verifies('idle-wake', 'exactly-once', 'answer')}`, async () => {
    const home = bed.home();
    const driver = await session(home);
    const id = await send(home, 'project', 'rerun the migration check');
    await driver.waitForScreen('ECHO: ', patient);
    await ended(home, id);
    expect(await message(home, id)).toMatchObject({
      state: 'answered',
      attempts: 1,
      answer: expect.stringContaining('rerun the migration check'),
    });
    expect(countInTranscripts(home, id)).toBe(1);
    expect(await sessions(home)).toMatchObject([{ name: 'project', supervised: true, pending: 0 }]);
  });

  it(`ask prints the answer on stdout, and only it ${verifies('answer')}`, async () => {
    const home = bed.home();
    await session(home);
    const result = await claudex(home, 'ask', 'project', 'what now?');
    expect(result.code).toBe(0);
    expect(result.out).toMatch(/^ECHO: what now\?\n\[claudex m\w{15} from .*\]$/);
  });

  it(`a task that continues a turn gets its own answer, not the one before it ${verifies('answer')}`, async () => {
    const home = bed.home();
    await session(home, { afterMs: 500 });
    // at once: the second must be there before the turn of the first ends
    const common = { target: 'project', kind: 'task', when: 'idle', hold: false } as const;
    const sender = { kind: 'user', label: 'me' } as const;
    const [, { id }] = await Promise.all([
      daemonClient(home).send({ ...common, sender, body: 'the first' }),
      daemonClient(home).send({ ...common, sender, body: 'the second', route: 'turn-end' }),
    ]);
    await ended(home, id);
    const answered = await message(home, id);
    expect(answered).toMatchObject({ route: 'turn-end', attempts: 1 });
    expect(answered.answer).toContain('the second');
  });

  it(`messages arrive in the order they were sent, one a turn ${verifies('order-kept', 'exactly-once')}`, async () => {
    const home = bed.home();
    await session(home, { afterMs: 100 });
    const ids: string[] = [];
    for (const text of ['one', 'two', 'three', 'four', 'five']) ids.push(await send(home, 'project', text));
    await ended(home, ids.at(-1)!);
    expect(marksIn(home)).toEqual(ids);
  });

  it(`a draft is kept, and the message goes in after it ${verifies('draft')}`, async () => {
    const home = bed.home();
    const driver = await session(home);
    driver.type('my own draft');
    await waitForPromptBox(driver, { content: 'my own draft', ...patient });
    const id = await send(home, 'project', '--route', 'paste', 'from elsewhere');
    await logged(home, new RegExp(`"message queued","id":"${id}".*(typing|draft)`));
    expect(promptBox(driver.screen())).toBe('my own draft');
    driver.key('enter');
    await ended(home, id);
    expect(userMessagesInTranscript(home)).toEqual(['my own draft', expect.stringContaining('from elsewhere')]);
  });

  it(`nothing is typed into a claude that is stopped: it is typed once, when claude goes on ${verifies('exactly-once')}`, async () => {
    const home = bed.home();
    const driver = await session(home);
    const [{ pid } = { pid: 0 }] = await sessions(home);
    process.kill(pid, 'SIGSTOP');
    const id = await send(home, 'project', '--route', 'paste', 'while it is stopped');
    await logged(home, new RegExp(`"message queued","id":"${id}".*suspended`));
    process.kill(pid, 'SIGCONT');
    await ended(home, id);
    expect(marksIn(home)).toEqual([id]);
    expect(driver.screenWithHistory().match(/ECHO: /g)).toHaveLength(1);
  });

  it(`an open dialog is left alone; the message goes in once it is closed ${verifies('dialog')}`, async () => {
    const home = bed.home();
    const driver = await session(home);
    driver.type('/model');
    await waitForPromptBox(driver, { content: '/model', ...patient });
    driver.key('enter');
    await driver.waitForScreen('Select model', patient);
    const asked = claudex(home, 'send', 'project', '--wait=40s', '--fail-on-permission', 'after the dialog');
    const refused = await asked;
    expect(refused.code).toBe(6);
    expect(driver.screen()).toContain('Select model');
    driver.key('esc');
    await driver.waitForScreen('ECHO: ', patient);
    expect(countInTranscripts(home, 'after the dialog')).toBe(1);
    expect(driver.screenWithHistory()).toContain('Kept model');
  });

  it(`a note is silent until the next task ${verifies('note')}`, async () => {
    const home = bed.home();
    const driver = await session(home);
    const note = await send(home, 'project', '--note', 'the API moved');
    expect(await message(home, note)).toMatchObject({ state: 'queued', kind: 'note' });
    expect(driver.screen()).not.toContain('ECHO');
    const task = await send(home, 'project', 'go on');
    await ended(home, task);
    await logged(home, new RegExp(`"message (delivered|answered)","id":"${note}"`));
    expect(countInTranscripts(home, 'the API moved')).toBe(1);
    expect(userMessagesInTranscript(home)).toHaveLength(1);
  });

  it(`the same key gives the first id and delivers once ${verifies('exactly-once')}`, async () => {
    const home = bed.home();
    await session(home);
    const first = await send(home, 'project', '--key', 'k1', 'only once');
    const again = await Promise.all([1, 2, 3].map(() => send(home, 'project', '--key', 'k1', 'only once')));
    expect(new Set([first, ...again]).size).toBe(1);
    await ended(home, first);
    expect(await send(home, 'project', '--key', 'k1', 'only once')).toBe(first);
    expect(countInTranscripts(home, 'only once')).toBe(1);
  });

  it(`what is cancelled does not go in; what is retried does ${verifies('exactly-once')}`, async () => {
    const home = bed.home();
    await session(home);
    const id = await send(home, 'project', '--delay', '1h', 'later');
    expect((await claudex(home, 'inbox', 'cancel', id)).out).toBe(`${id} is cancelled.`);
    expect((await claudex(home, 'inbox', 'cancel', id)).code).toBe(3);
    const other = await send(home, 'project', 'meanwhile');
    await ended(home, other);
    expect(countInTranscripts(home, 'later')).toBe(0);
    const expired = await send(home, 'project', '--delay', '1h', '--expires', '1ms', 'too late');
    await logged(home, new RegExp(`"message expired","id":"${expired}"`));
    expect((await message(home, expired)).state).toBe('expired');
    // a retry goes in now: the delay of the first try is over, and so is its expiry
    expect((await claudex(home, 'inbox', 'retry', expired)).out).toMatch(/ is (queued|leased)\.$/);
    await ended(home, expired);
    expect(countInTranscripts(home, expired)).toBe(1);
    expect((await claudex(home, 'inbox', 'retry', expired)).code).toBe(3);
    expect(countInTranscripts(home, id)).toBe(0);
  });

  it(`what failed after it had gone in goes in again when it is retried ${verifies('exactly-once')}`, async () => {
    const home = bed.home();
    const driver = await session(home, { afterMs: 30_000 });
    const id = await send(home, 'project', 'interrupt me');
    await logged(home, new RegExp(`"message delivered","id":"${id}"`));
    driver.key('esc');
    await logged(home, new RegExp(`"message failed","id":"${id}"`));
    // the prompt has come back as a draft; it is not sent again by hand
    await waitForPromptBox(driver, { content: promptBox(driver.screen())!, ...patient });
    driver.kill('SIGKILL');
    await driver.waitForExit(patient);
    await driver.dispose();
    const second = await session(home);
    expect((await claudex(home, 'inbox', 'retry', id)).out).toMatch(/ is (queued|leased)\.$/);
    await second.waitForScreen('interrupt me', patient);
    await ended(home, id);
    expect(countInTranscripts(home, id)).toBe(2);
    expect(await message(home, id)).toMatchObject({ state: 'answered', attempts: 2 });
  });

  it(`a held message goes to the session that starts in that folder ${verifies('hold')}`, async () => {
    const home = bed.home({ cwdNames: ['project', 'other'] });
    const refused = await claudex(home, 'send', home.cwd, 'nobody there');
    expect(refused.code).toBe(3);
    const id = await send(home, home.cwd, '--hold', 'for whoever comes');
    const elsewhere = await session(home, { cwd: home.dir('other') });
    const driver = await session(home);
    await driver.waitForScreen('for whoever comes', patient);
    await ended(home, id);
    expect(countInTranscripts(home, 'for whoever comes')).toBe(1);
    expect(elsewhere.screen()).not.toContain('ECHO');
  });

  it(`a message to a session that dies is for the next one in its folder ${verifies('hold', 'exactly-once')}`, async () => {
    const home = bed.home();
    const first = await session(home);
    first.type('draft in the way');
    await waitForPromptBox(first, { content: 'draft in the way', ...patient });
    const id = await send(home, 'project', '--route', 'paste', 'survives');
    first.kill('SIGKILL');
    await first.waitForExit(patient);
    await first.dispose();
    await logged(home, /"session gone"/);
    const second = await session(home);
    await second.waitForScreen('ECHO: ', patient);
    await ended(home, id);
    expect(countInTranscripts(home, 'survives')).toBe(1);
  });

  it(`kill -9 of the daemon with a queue: nothing is lost, doubled or out of order ${verifies('exactly-once', 'order-kept', 'daemon-comes-back')}`, async () => {
    const home = bed.home();
    await session(home, { afterMs: 300 });
    const ids: string[] = [];
    for (let index = 0; index < 6; index++) {
      ids.push(await send(home, 'project', `task ${index}`));
      if (index % 2 === 1) {
        const { pid } = JSON.parse((await claudex(home, 'daemon', 'status', '--json')).out);
        process.kill(pid, 'SIGKILL');
      }
    }
    const statusNow = await claudex(home, 'daemon', 'start');
    expect(statusNow.code).toBe(0);
    await waitForFile(logOf(home), () => ids.every((id) => marksIn(home).includes(id)) || undefined, {
      ...patient,
      what: 'all six messages in the transcript',
    });
    expect(marksIn(home)).toEqual(ids);
  });
});
