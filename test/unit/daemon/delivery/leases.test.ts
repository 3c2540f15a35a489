/** Leases one by one: what ends one, what does not, and when to look again. */
import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Leases } from '../../../../src/daemon/delivery/leases.ts';
import { Journal } from '../../../../src/daemon/messages/journal.ts';
import { MessageStore } from '../../../../src/daemon/messages/message-store.ts';
import { SessionTable } from '../../../../src/daemon/sessions/session-table.ts';
import { markOf } from '../../../../src/protocol/attribution.ts';
import type { Message } from '../../../../src/protocol/message.ts';
import { verifies } from '../../../requirements.ts';
import { TestClock } from '../../../support/a-clock.ts';
import { aMessage } from '../../../support/a-message.ts';
import { aSessionFile } from '../../../support/a-session-file.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

const leaseMs = 4000;
const claudeId = '0b9d9f9e-5f0e-4a39-8a4e-3b1f1f2d7c55';
const id = 'mabcdefghijkmnp2';
const permissionPrompt = { status: 'waiting', waitingFor: 'permission prompt' };

async function someLeases(given: Parameters<typeof aMessage>[1] = {}) {
  const configDir = temporaryFolder();
  const clock = new TestClock();
  const journal = new Journal(join(configDir, 'journal.ndjson'));
  const store = new MessageStore({ journal, log: () => undefined, clock });
  onTestFinished(() => {
    store.close();
    journal.close();
  });
  const logged: unknown[] = [];
  const stopped = new Set<number>();
  const leases = new Leases({
    store,
    log: (...line) => void logged.push(line),
    clock,
    leaseMs,
    isStopped: (pid) => stopped.has(pid),
  });
  const proved: string[] = [];
  const stuck: string[] = [];
  leases.proved.add(({ message }) => void proved.push(message.id));
  leases.stuck.add(({ message }) => void stuck.push(message.id));
  const { session } = new SessionTable(clock).ensure({ pid: 100, startTime: '100', cwd: '/work/api', configDir });
  await store.accept(aMessage(id, { recipient: session.id, ...given }));
  const message = store.get(id)!;
  const file = (fields: object): void => {
    session.fileRead(aSessionFile({ sessionId: claudeId, ...fields }));
  };
  file({});
  return { clock, store, leases, logged, stopped, proved, stuck, session, message, configDir, file };
}

function transcript(configDir: string, name: string, ...records: object[]): void {
  const dir = join(configDir, 'projects', '-work-api');
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, `${name}.jsonl`), records.map((one) => `${JSON.stringify(one)}\n`).join(''));
}

const prompt = (text: string) => ({ type: 'user', promptId: 'p1', message: { content: text } });
const ours = prompt(`${markOf({ id })} from me]\ngo`);
const held = {
  type: 'system',
  content: `Held peer message — from an unidentified session; preview: «claudex ${id} from me» … (1 held).`,
};

describe(`a lease ${verifies('exactly-once')}`, () => {
  it('has a deadline in the time of day, and its own time left', async () => {
    const { leases, session, message, clock } = await someLeases();
    expect(leases.begin(session, message, 'paste')).toBe(true);
    expect(message).toMatchObject({ state: 'leased', route: 'paste', leaseDeadline: clock.now + leaseMs });
    clock.pass(1000);
    expect(leases.leftMs(message)).toBe(leaseMs - 1000);
  });

  it('is given back once, by its own number', async () => {
    const { leases, session, message } = await someLeases();
    leases.begin(session, message, 'wake');
    expect(leases.giveBack(message, 2, 'no')).toBe(false);
    expect(message.state).toBe('leased');
    expect(leases.giveBack(message, 1, 'refused')).toBe(true);
    expect(message).toMatchObject({ state: 'queued', reason: 'refused' });
    expect(leases.giveBack(message, 1, 'again')).toBe(false);
  });

  it('is over when its message is stuck: a late word of its carrier does not queue it again', async () => {
    const { leases, session, message, store } = await someLeases();
    leases.begin(session, message, 'inbox-socket');
    store.move(id, { state: 'stuck', reason: 'nobody knows' });
    expect(leases.giveBack(message, 1, 'no socket')).toBe(false);
    expect(message.state).toBe('stuck');
  });
});

describe(`a paste whose supervisor is away ${verifies('exactly-once')}`, () => {
  it('is that supervisor’s until it is not waited for any more: it may have the text in the box', async () => {
    const { leases, session, message, clock } = await someLeases();
    session.connected({ pid: 50, send: () => undefined });
    leases.begin(session, message, 'paste');
    // the daemon has been replaced, or the line is cut: it comes back within ten seconds, if it lives
    session.disconnected(session.supervisor!);
    clock.pass(9000);
    leases.review(session);
    expect(message.state).toBe('leased');
    clock.pass(1000);
    expect(leases.review(session)).toBe(leaseMs - 1000);
    clock.pass(leaseMs);
    leases.review(session);
    expect(message.state).not.toBe('leased');
  });
});

describe(`what a supervisor reports of a paste ${verifies('exactly-once')}`, () => {
  const typed = { messageId: id, outcome: 'typed' } as const;
  const refused = (reason: 'draft' | 'unproven') => ({ messageId: id, outcome: 'refused', reason }) as const;

  it('gives it a typed lease’s time when it is typed, and ends nothing', async () => {
    const { leases, session, message, clock } = await someLeases();
    leases.begin(session, message, 'paste');
    clock.pass(1000);
    expect(leases.pasteReported(session, { ...typed, lease: 1 })).toBe(false);
    expect(leases.leftMs(message)).toBe(600_000);
    expect(message).toMatchObject({ state: 'leased', leaseDeadline: clock.now + 600_000 });
  });

  it('counts for the present lease where no lease is named', async () => {
    const { leases, session, message } = await someLeases();
    leases.begin(session, message, 'paste');
    leases.pasteReported(session, { ...typed, isLeft: true });
    expect(session.leftMessage).toBe(id);
    leases.pasteReported(session, typed);
    expect(session.leftMessage).toBeNull();
    expect(leases.leftMs(message)).toBe(600_000);
  });

  it('says nothing of the present lease when it is late: neither typed, nor refused, nor unproven', async () => {
    const { leases, session, message, clock, stuck } = await someLeases();
    leases.begin(session, message, 'paste');
    leases.giveBack(message, 1, 'prompt box: draft');
    leases.begin(session, message, 'paste');
    clock.pass(1000);
    const before = structuredClone(message);
    for (const late of [typed, refused('draft'), refused('unproven')]) {
      expect(leases.pasteReported(session, { ...late, lease: 1 })).toBe(false);
      expect(message).toEqual(before);
      expect(leases.leftMs(message)).toBe(leaseMs - 1000);
    }
    expect(stuck).toEqual([]);
  });

  it('says nothing of a message that is queued, on another way, for another session, or unknown', async () => {
    const { leases, session, message } = await someLeases();
    const unmoved = (whose = session): void => {
      const before = structuredClone(message);
      for (const report of [typed, refused('draft'), refused('unproven')]) {
        expect(leases.pasteReported(whose, report)).toBe(false);
        expect(message).toEqual(before);
      }
    };
    unmoved();
    leases.begin(session, message, 'paste');
    leases.giveBack(message, 1, 'draft');
    unmoved();
    leases.begin(session, message, 'wake');
    unmoved();
    leases.giveBack(message, 2, 'gone');
    leases.begin(session, message, 'paste');
    unmoved({ ...session, id: 'another' } as typeof session);
    expect(leases.pasteReported(session, { ...typed, messageId: 'mzzzzzzzzzzzzzz2' })).toBe(false);
  });

  it('ends it with the reason of the prompt box', async () => {
    const { leases, session, message, configDir } = await someLeases();
    transcript(configDir, claudeId, prompt('x'));
    leases.begin(session, message, 'paste');
    expect(leases.pasteReported(session, { ...refused('draft'), lease: 1 })).toBe(true);
    expect(message).toMatchObject({ state: 'queued', reason: 'prompt box: draft' });
    expect(message).not.toHaveProperty('unproven');
    leases.begin(session, message, 'paste');
    expect(leases.pasteReported(session, { ...refused('unproven'), lease: 2 })).toBe(true);
    expect(message).toMatchObject({
      state: 'queued',
      reason: 'prompt box: unproven',
      unproven: [{ route: 'paste', lease: 2, session: session.id }],
    });
  });

  it('has ended it also when a fork shows the message', async () => {
    const { leases, session, message, configDir, proved } = await someLeases();
    transcript(configDir, claudeId, prompt('x'));
    leases.begin(session, message, 'paste');
    transcript(configDir, 'ffffffff-5f0e-4a39-8a4e-3b1f1f2d7c55', ours);
    expect(leases.pasteReported(session, { ...refused('unproven'), lease: 1 })).toBe(true);
    expect(proved).toEqual([id]);
  });

  it('is no question to a person, though what comes by the socket would be one', async () => {
    const { leases, session, message, configDir, stuck } = await someLeases();
    transcript(configDir, claudeId, prompt('x'));
    session.hookHeard(false, 'bypassPermissions');
    leases.begin(session, message, 'paste');
    leases.pasteReported(session, { ...refused('unproven'), lease: 1 });
    expect(message.state).toBe('queued');
    expect(stuck).toEqual([]);
  });
});

describe(`a lease is reviewed ${verifies('exactly-once', 'no-endless-repeat')}`, () => {
  it('and says which has run out, by which way, in the log and in the message', async () => {
    const { leases, session, message, clock, logged, configDir, stuck } = await someLeases();
    transcript(configDir, claudeId, prompt('x'));
    leases.begin(session, message, 'wake');
    clock.pass(leaseMs - 1);
    expect(leases.review(session)).toBe(1);
    clock.pass(1);
    expect(leases.review(session)).toBeUndefined();
    expect(logged).toEqual([['lease ran out', { id, route: 'wake', attempts: 1 }]]);
    expect(message).toMatchObject({ state: 'queued', reason: 'wake: no proof in time' });
    expect(stuck).toEqual([]);
    leases.begin(session, message, 'wake');
    clock.pass(leaseMs);
    leases.review(session);
    expect(message.state).toBe('stuck');
    expect(stuck).toEqual([id]);
  });

  it('runs out where nobody can be stopped: its supervisor is away', async () => {
    const { leases, session, message, clock, configDir } = await someLeases();
    transcript(configDir, claudeId, prompt('x'));
    leases.begin(session, message, 'paste');
    clock.pass(leaseMs);
    leases.review(session);
    expect(message.state).toBe('queued');
  });

  it('waits for a dialog only where the message is read behind it: by the socket, not by a wake', async () => {
    for (const [route, state] of [
      ['inbox-socket', 'leased'],
      ['wake', 'queued'],
    ] as const) {
      const { leases, session, message, clock, configDir, file } = await someLeases();
      transcript(configDir, claudeId, prompt('x'));
      leases.begin(session, message, route);
      file({ status: 'waiting', waitingFor: 'dialog open' });
      clock.pass(leaseMs);
      leases.review(session);
      expect(message.state).toBe(state);
    }
  });

  it('is looked at again when its way has something to show', async () => {
    const { leases, session, message, clock } = await someLeases();
    leases.begin(session, message, 'paste');
    expect(leases.lookInMs(message)).toBe(leaseMs);
    leases.giveBack(message, 1, 'x');
    leases.begin(session, message, 'inbox-socket');
    expect(leases.lookInMs(message)).toBe(1000);
    clock.pass(leaseMs - 300);
    expect(leases.lookInMs(message)).toBe(300);
    leases.giveBack(message, 2, 'x');
    leases.begin(session, message, 'next-prompt');
    // at growing intervals, and at the end of the lease
    const looks = [0, 200, 800, 1500, 1000].map((ms) => {
      clock.pass(ms);
      return leases.lookInMs(message);
    });
    expect(looks).toEqual([250, 250, 1000, 1500, 500]);
  });

  it('a message is proved while it is leased, and only then', async () => {
    const { leases, session, message, configDir, proved, store } = await someLeases();
    transcript(configDir, claudeId, ours);
    const queued = aMessage('mbbbbbbbbbbbbbb2', { recipient: session.id });
    await store.accept(queued);
    transcript(configDir, claudeId, ours, prompt(`${markOf(queued)} from me]\nquoted`));
    leases.proveAll(session);
    expect(proved).toEqual([]);
    leases.begin(session, message, 'paste');
    // what stood there before the lease proves nothing
    leases.proveAll(session);
    expect(proved).toEqual([]);
    transcript(configDir, claudeId, ours, prompt(`${markOf(queued)} from me]\nquoted`), ours);
    leases.proveAll(session);
    expect(proved).toEqual([id]);
    expect(leases.prove(session, message)).toBe(true);
    expect(leases.proveAnywhere(session, message)).toBe(true);
    expect(leases.prove(session, store.get(queued.id) as Message)).toBe(true);
  });
});

describe(`what a person has denied ${verifies('denial')}`, () => {
  it('is known as soon as claude has had time to write down a yes', async () => {
    const { leases, session, message, clock, configDir } = await someLeases();
    transcript(configDir, claudeId, prompt('x'));
    leases.begin(session, message, 'inbox-socket');
    transcript(configDir, claudeId, prompt('x'), held);
    clock.pass(1499);
    leases.review(session);
    expect(message.state).toBe('leased');
    clock.pass(1);
    leases.review(session);
    expect(message).toMatchObject({ state: 'failed', reason: 'denied by the person at that session' });
    expect(session.hasHeldPeers).toBe(true);
  });

  it.each([
    ['a message by another way is not', 'wake', permissionPrompt, 'idle', true],
    ['another dialog is not', 'inbox-socket', { status: 'waiting', waitingFor: 'dialog open' }, 'idle', false],
    ['the prompt of a tool in the turn that it goes into is not', 'inbox-socket', permissionPrompt, 'now', false],
  ] as const)('%s', async (_, route, dialog, when, isWrittenDown) => {
    const { leases, session, message, clock, configDir, file } = await someLeases({ when });
    transcript(configDir, claudeId, prompt('x'));
    session.hookHeard(false, 'bypassPermissions');
    leases.begin(session, message, route);
    if (isWrittenDown) transcript(configDir, claudeId, prompt('x'), held);
    file(dialog);
    leases.review(session);
    file({});
    clock.pass(2000);
    leases.review(session);
    expect(message.state).toBe('leased');
  });
});

describe.runIf(existsSync('/proc/self/mem'))(
  `a transcript that cannot be read just now ${verifies('exactly-once')}`,
  () => {
    /** EIO, as a disk may say. */
    function unreadable(configDir: string): string {
      const dir = join(configDir, 'projects', '-work-api');
      mkdirSync(dir, { recursive: true });
      const path = join(dir, `${claudeId}.jsonl`);
      symlinkSync('/proc/self/mem', path);
      return path;
    }

    it('is waited for: the message that stands there is not put in again', async () => {
      const { leases, session, message, clock, configDir, proved } = await someLeases();
      const path = unreadable(configDir);
      leases.begin(session, message, 'turn-end');
      clock.pass(leaseMs);
      expect(leases.review(session)).toBeGreaterThan(0);
      expect(message).toMatchObject({ state: 'leased', attempts: 1 });
      rmSync(path);
      transcript(configDir, claudeId, ours);
      clock.pass(leaseMs);
      leases.review(session);
      expect(proved).toEqual([id]);
    });

    it('is not waited for for ever: the message stands still, with the reason', async () => {
      const { leases, session, message, clock, configDir, stuck } = await someLeases();
      unreadable(configDir);
      leases.begin(session, message, 'turn-end');
      for (let times = 0; times < 4; times++) {
        expect(message.state).toBe('leased');
        clock.pass(leaseMs);
        leases.review(session);
      }
      expect(message).toMatchObject({ state: 'stuck', reason: expect.stringContaining('nothing can show') });
      expect(stuck).toEqual([id]);
    });
  },
);
