/** The dispatcher over a real mailbox and a real session table; journal, terminal and both clocks are the test's. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { Dispatcher } from '../../../../src/daemon/delivery/dispatcher.ts';
import { nextDueInMs } from '../../../../src/daemon/delivery/due-messages.ts';
import { Successors } from '../../../../src/daemon/delivery/successors.ts';
import { WaysIn } from '../../../../src/daemon/delivery/ways-in.ts';
import type { Journal } from '../../../../src/daemon/messages/journal.ts';
import type { JournalEntry } from '../../../../src/daemon/messages/journal-entry.ts';
import { JournalIndex } from '../../../../src/daemon/messages/journal-index.ts';
import { headOf, type LineHead } from '../../../../src/daemon/messages/journal-lines.ts';
import { MessageStore } from '../../../../src/daemon/messages/message-store.ts';
import type { Session } from '../../../../src/daemon/sessions/session.ts';
import { SessionTable } from '../../../../src/daemon/sessions/session-table.ts';
import type { Message } from '../../../../src/protocol/message.ts';
import type { SupervisorCommand } from '../../../../src/protocol/wire.ts';
import { verifies } from '../../../requirements.ts';
import { TestClock } from '../../../support/a-clock.ts';
import { aMessage } from '../../../support/a-message.ts';
import { aSessionFile } from '../../../support/a-session-file.ts';

const hourMs = 3_600_000;
const leaseMs = 4000;
const gatePatienceMs = 2000;

function aDesk() {
  const clock = new TestClock();
  const table = new SessionTable(clock);
  const disk = { full: false, entries: [] as string[] };
  const write = (entry: JournalEntry): void => {
    if (disk.full) throw new Error('ENOSPC');
    disk.entries.push(
      `${entry.t === 'state' ? entry.state : entry.t} ${entry.t === 'accept' ? entry.message.id : entry.id}`,
    );
    index.note(headOf(entry) as LineHead, 0, 0);
    if (entry.t === 'accept') messages.set(entry.message.id, entry.message);
  };
  const index = new JournalIndex();
  const messages = new Map<string, Message>();
  const stopped = new Set<number>();
  const waysIn = new WaysIn(clock);
  const journal = {
    append: write,
    commit: async (entry: JournalEntry) => write(entry),
    index,
    read: ({ id }: { id: string }) => messages.get(id),
  } as unknown as Journal;
  const log = () => undefined;
  const store = new MessageStore({ journal, log, clock });
  const dispatcher = new Dispatcher({
    successors: new Successors(table, store, () => false),
    table,
    store,
    waysIn,
    log,
    clock,
    policy: { gatePatienceMs, typePeers: false },
    leaseMs,
    isStopped: (pid) => stopped.has(pid),
    hasMoved: () => false,
  });
  /** What each supervised session was told to type, by session id. */
  const typed = new Map<string, Array<Extract<SupervisorCommand, { type: 'paste' }>>>();
  let pid = 100;
  return {
    clock,
    disk,
    /** Pids of claudes that got SIGSTOP. */
    stopped,
    waysIn,
    table,
    dispatcher,
    mailbox: store.mailbox,
    typedInto: (session: Session) => (typed.get(session.id) ?? []).map((one) => one.messageId),
    lastTyped: (session: Session) => typed.get(session.id)!.at(-1)!,
    /** Both clocks go on; timers that come due fire. */
    pass(ms: number) {
      clock.pass(ms);
      vi.advanceTimersByTime(ms);
    },
    /** A supervised, idle session appears. */
    start(cwd = '/work/api'): Session {
      const process = { pid: ++pid, startTime: `${pid}`, cwd, configDir: '/none' };
      const { session } = table.ensure(process);
      session.turnEnded();
      session.hookHeard(false, 'default');
      const commands: Array<Extract<SupervisorCommand, { type: 'paste' }>> = [];
      typed.set(session.id, commands);
      session.connected({
        pid: 9000 + pid,
        send: (command) => {
          if (command.type === 'paste') commands.push(command);
        },
      });
      dispatcher.sessionStarted(session);
      dispatcher.sessionChanged(session);
      return session;
    },
    end(session: Session) {
      table.remove(session);
      dispatcher.sessionGone(session);
    },
  };
}

describe('delivery dispatcher: whose a message is', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
  afterEach(() => void vi.useRealTimers());

  it(`a session that starts while a held message is on its way to the disk gets it, in its order ${verifies('order-kept')}`, async () => {
    const stage = aDesk();
    const held = stage.dispatcher.accept(aMessage('m1', { recipient: null }));
    const session = stage.start();
    await Promise.all([held, stage.dispatcher.accept(aMessage('m2', { recipient: session.id }))]);
    expect(stage.typedInto(session)).toEqual(['m1']);
    expect(stage.mailbox.homeless()).toEqual([]);
  });

  it('a message whose time is over does not go in, also when that was so before it came, or when a timer is late', async () => {
    const stage = aDesk();
    const session = stage.start();
    const { now } = stage.clock;
    await stage.dispatcher.accept(aMessage('m1', { recipient: session.id, expiresAt: now - 1 }));
    expect(stage.mailbox.get('m1')?.state).toBe('expired');
    session.promptSubmitted();
    await stage.dispatcher.accept(aMessage('m2', { recipient: session.id, expiresAt: now + 1000 }));
    // the machine has slept: the time of day has gone on, timers have not
    stage.clock.now += hourMs;
    expect(stage.dispatcher.claimForHook(session, 'stop-hook', null)).toBeUndefined();
    session.turnEnded();
    stage.dispatcher.sessionChanged(session);
    expect(stage.typedInto(session)).toEqual([]);
    expect(stage.mailbox.get('m2')?.state).toBe('expired');
  });

  it('a message whose session ends while it is on its way to the disk is for the next one in that folder', async () => {
    const stage = aDesk();
    const first = stage.start();
    const accepted = stage.dispatcher.accept(aMessage('m1', { recipient: first.id }));
    stage.end(first);
    const next = stage.start();
    await accepted;
    expect(stage.typedInto(next)).toEqual(['m1']);
  });

  for (const [name, jumpMs] of [
    ['an hour forward', hourMs],
    ['an hour back', -hourMs],
  ] as const) {
    it(`a successor inherits although the clock was set ${name} ${verifies('order-kept', 'exactly-once')}`, async () => {
      const stage = aDesk();
      const first = stage.start();
      first.promptSubmitted();
      await stage.dispatcher.accept(aMessage('m1', { recipient: first.id }));
      stage.clock.now += jumpMs;
      stage.pass(10_000);
      first.seen();
      // it dies unseen, the next one starts, and only then is it missed
      stage.pass(500);
      const second = stage.start();
      second.promptSubmitted();
      stage.end(first);
      await stage.dispatcher.accept(aMessage('m2', { recipient: second.id }));
      expect(stage.mailbox.openFor(second.id).map((one) => one.id)).toEqual(['m1', 'm2']);
      second.turnEnded();
      stage.dispatcher.sessionChanged(second);
      expect(stage.typedInto(second)).toEqual(['m1']);
    });
  }

  it(`all that was waiting has moved before the heir gets anything ${verifies('order-kept')}`, async () => {
    const stage = aDesk();
    const older = stage.start();
    const newer = stage.start();
    for (const session of [older, newer]) session.promptSubmitted();
    await stage.dispatcher.accept(aMessage('m1', { recipient: newer.id }));
    await stage.dispatcher.accept(aMessage('m2', { recipient: older.id }));
    stage.pass(100);
    const heir = stage.start();
    stage.end(older);
    stage.end(newer);
    stage.pass(1);
    expect(stage.typedInto(heir)).toEqual(['m1']);
  });

  it(`whoever was started while a claude was ending is its heir, however long that took ${verifies('hold', 'order-kept')}`, async () => {
    const stage = aDesk();
    const first = stage.start();
    first.promptSubmitted();
    await stage.dispatcher.accept(aMessage('m1', { recipient: first.id }));
    first.leaving();
    stage.pass(2000);
    const second = stage.start();
    stage.pass(10_000);
    first.seen();
    stage.end(first);
    stage.pass(1);
    expect(stage.typedInto(second)).toEqual(['m1']);
  });

  it(`a session that ran beside the dead one is not its heir ${verifies('hold')}`, async () => {
    const stage = aDesk();
    const first = stage.start();
    const beside = stage.start();
    first.promptSubmitted();
    await stage.dispatcher.accept(aMessage('m1', { recipient: first.id }));
    stage.pass(60_000);
    first.seen();
    stage.end(first);
    stage.pass(1);
    expect(stage.typedInto(beside)).toEqual([]);
    expect(stage.mailbox.homeless().map((one) => one.id)).toEqual(['m1']);
    expect(stage.typedInto(stage.start())).toEqual(['m1']);
  });

  it(`a retried message of an ended session goes to whoever is in its folder ${verifies('hold')}`, async () => {
    const stage = aDesk();
    const first = stage.start();
    first.promptSubmitted();
    await stage.dispatcher.accept(aMessage('m1', { recipient: first.id }));
    expect(stage.dispatcher.change('m1', 'cancel')).toBe(true);
    stage.pass(60_000);
    stage.end(first);
    const second = stage.start();
    expect(stage.dispatcher.change('m1', 'retry')).toBe(true);
    expect(stage.typedInto(second)).toEqual(['m1']);
  });
});

describe('delivery dispatcher: leases', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
  afterEach(() => void vi.useRealTimers());

  it(`runs out by the steady clock, wherever the time of day jumps ${verifies('exactly-once')}`, async () => {
    const stage = aDesk();
    const session = stage.start();
    await stage.dispatcher.accept(aMessage('m1', { recipient: session.id }));
    stage.clock.now += hourMs;
    stage.pass(leaseMs - 100);
    expect(stage.mailbox.get('m1')).toMatchObject({ state: 'leased', attempts: 1 });
    stage.clock.now -= 2 * hourMs;
    stage.pass(200);
    expect(stage.mailbox.get('m1')).toMatchObject({ state: 'leased', attempts: 2 });
  });

  it(`a refusal of an earlier lease does not end the present one ${verifies('exactly-once')}`, async () => {
    const stage = aDesk();
    const session = stage.start();
    await stage.dispatcher.accept(aMessage('m1', { recipient: session.id }));
    const { lease } = stage.lastTyped(session);
    stage.pass(leaseMs + 1);
    expect(stage.lastTyped(session).lease).toBe(lease + 1);
    stage.dispatcher.pasteReported(session, { messageId: 'm1', lease, outcome: 'refused', reason: 'suspended' });
    expect(stage.mailbox.get('m1')).toMatchObject({ state: 'leased', attempts: lease + 1 });
    stage.dispatcher.pasteReported(session, { messageId: 'm1', lease: lease + 1, outcome: 'refused', reason: 'draft' });
    expect(stage.mailbox.get('m1')).toMatchObject({ state: 'queued', reason: 'prompt box: draft' });
  });

  it(`what has been typed stays its supervisor's ${verifies('exactly-once')}`, async () => {
    const stage = aDesk();
    const session = stage.start();
    await stage.dispatcher.accept(aMessage('m1', { recipient: session.id }));
    const { lease } = stage.lastTyped(session);
    stage.dispatcher.pasteReported(session, { messageId: 'm1', lease, outcome: 'typed' });
    stage.pass(9 * 60_000);
    stage.dispatcher.pasteReported(session, { messageId: 'm1', lease, outcome: 'typed' });
    stage.pass(9 * 60_000);
    expect(stage.mailbox.get('m1')).toMatchObject({ state: 'leased', attempts: 1 });
  });

  it(`a paste is not to be begun when its lease is nearly over ${verifies('exactly-once')}`, async () => {
    const stage = aDesk();
    const session = stage.start();
    await stage.dispatcher.accept(aMessage('m1', { recipient: session.id }));
    expect(stage.lastTyped(session).deadlineSteadyMs).toBe(stage.clock.steadyMs + leaseMs / 2);
  });

  it(`a shut gate is waited for by the steady clock ${verifies('draft')}`, async () => {
    const stage = aDesk();
    const session = stage.start();
    session.fileRead(aSessionFile({ messagingSocketPath: '/nowhere.sock', status: 'idle' }));
    stage.clock.now += hourMs;
    await stage.dispatcher.accept(aMessage('m1', { recipient: session.id }));
    stage.dispatcher.pasteReported(session, { messageId: 'm1', outcome: 'refused', reason: 'draft' });
    stage.clock.now -= hourMs;
    stage.pass(gatePatienceMs + 1);
    expect(stage.mailbox.get('m1')?.history.map((one) => one.route)).toEqual([
      undefined,
      'paste',
      undefined,
      'inbox-socket',
    ]);
  });

  it(`a delay is a span of time: it ends when it would have, though the clock is set back ${verifies('order-kept')}`, async () => {
    const stage = aDesk();
    const session = stage.start();
    const delayed = { notBefore: stage.clock.now + 60_000, delayMs: 60_000 };
    await stage.dispatcher.accept(aMessage('m1', { recipient: session.id, ...delayed }));
    await stage.dispatcher.accept(aMessage('m2', { recipient: session.id, notBefore: stage.clock.now + 60_000 }));
    stage.pass(20_000);
    stage.clock.now -= 2 * hourMs;
    stage.pass(20_000);
    expect(stage.typedInto(session)).toEqual([]);
    stage.pass(25_000);
    // what was given in the time of day waits for that
    expect(stage.typedInto(session)).toEqual(['m1']);
  });

  it('finds the next of 200,000 that are due', () => {
    const open = Array.from({ length: 200_000 }, (_, index) =>
      aMessage(`m${index}`, { notBefore: 5000 + (index % 7) }),
    );
    expect(nextDueInMs(open, 4000)).toBe(1000);
    expect(nextDueInMs(open, 6000)).toBeUndefined();
  });

  it(`a task for later comes when the clock is set to it ${verifies('order-kept')}`, async () => {
    const stage = aDesk();
    const session = stage.start();
    await stage.dispatcher.accept(aMessage('m1', { recipient: session.id, notBefore: stage.clock.now + 2 * hourMs }));
    stage.clock.now += 2 * hourMs;
    stage.pass(30_001);
    expect(stage.typedInto(session)).toEqual(['m1']);
  });
});

describe('delivery dispatcher: a disk that was full', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
  afterEach(() => void vi.useRealTimers());

  it(`what could not be written is written later, in order, and no lease was given on it ${verifies('exactly-once')}`, async () => {
    const stage = aDesk();
    const first = stage.start();
    first.promptSubmitted();
    await stage.dispatcher.accept(aMessage('m1', { recipient: first.id }));
    stage.disk.full = true;
    stage.end(first);
    const second = stage.start();
    expect(stage.typedInto(second)).toEqual([]);
    expect(stage.disk.entries).toEqual(['accept m1']);
    stage.disk.full = false;
    stage.pass(1001);
    expect(stage.typedInto(second)).toEqual(['m1']);
    expect(stage.disk.entries).toEqual(['accept m1', 'recipient m1', 'recipient m1', 'leased m1']);
  });

  it(`after a restart, what waits for a folder is for who is there ${verifies('exactly-once', 'hold')}`, () => {
    const stage = aDesk();
    const { session } = stage.table.ensure({ pid: 99, startTime: '99', cwd: '/work/api', configDir: '/none' });
    stage.mailbox.accept(aMessage('m1', { recipient: null }));
    stage.mailbox.accept(aMessage('m2', { recipient: 'long-dead' }));
    stage.dispatcher.restored();
    expect(stage.mailbox.openFor(session.id).map((one) => one.id)).toEqual(['m1', 'm2']);
  });
});

describe('delivery dispatcher: a daemon that was stopped', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
  afterEach(() => void vi.useRealTimers());

  it(`hears what claude has said meanwhile before a lease ends ${verifies('exactly-once')}`, async () => {
    const stage = aDesk();
    const [one, two] = [stage.start('/work/one'), stage.start('/work/two')];
    await stage.dispatcher.accept(aMessage('m1', { recipient: one.id }));
    stage.pass(100);
    await stage.dispatcher.accept(aMessage('m2', { recipient: two.id }));
    // SIGSTOP: both clocks go on, and when we run again, the timers come first
    stage.clock.steadyMs += 60_000;
    stage.pass(leaseMs);
    expect(stage.mailbox.get('m1')).toMatchObject({ state: 'leased', attempts: 1 });
    expect(stage.mailbox.get('m2')).toMatchObject({ state: 'leased', attempts: 1 });
    expect(stage.dispatcher.proven(one, 'm1', 'p1')).toBe(true);
    // who stays silent gets no second stay
    stage.pass(1100);
    expect(stage.mailbox.get('m2')).toMatchObject({ state: 'leased', attempts: 2 });
  });
});

describe('delivery dispatcher: a claude that is stopped', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
  afterEach(() => void vi.useRealTimers());

  it(`still has what it was given, and time to read it when it goes on ${verifies('exactly-once')}`, async () => {
    const stage = aDesk();
    const passSeconds = (seconds: number): void => {
      for (let step = 0; step < seconds * 10; step++) stage.pass(100);
    };
    const session = stage.start();
    session.letGo();
    const woken: string[] = [];
    const wait = () => stage.waysIn.addWaiter(session, { wake: (text) => woken.push(text), dismiss: () => undefined });
    wait();
    await stage.dispatcher.accept(aMessage('m1', { recipient: session.id }));
    // a moment before the lease would end, and long beyond
    passSeconds(leaseMs / 1000 - 2);
    stage.stopped.add(session.pid);
    wait();
    passSeconds(60);
    expect(stage.mailbox.get('m1')).toMatchObject({ state: 'leased', route: 'wake', attempts: 1 });
    stage.stopped.delete(session.pid);
    passSeconds(leaseMs / 1000 - 2);
    expect(stage.mailbox.get('m1')).toMatchObject({ state: 'leased', route: 'wake', attempts: 1 });
    // it has had its time
    passSeconds(2);
    expect(stage.mailbox.get('m1')).toMatchObject({ state: 'leased', attempts: 2 });
    expect(woken).toHaveLength(2);
    stage.dispatcher.close();
  });
});

describe('delivery dispatcher: a retry by hand', () => {
  it(`is not taken for the first try, whose mark stands in the transcript ${verifies('exactly-once')}`, async () => {
    const stage = aDesk();
    const dir = mkdtempSync(join(tmpdir(), 'claudex-dispatcher-'));
    onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
    const session = stage.start();
    session.conversationIs('s', join(dir, 's.jsonl'));
    await stage.dispatcher.accept(aMessage('m1', { recipient: session.id }));
    const record = { type: 'user', promptId: 'p1', message: { content: '[claudex m1 from me]\ngo' } };
    writeFileSync(session.transcriptPath!, `${JSON.stringify(record)}\n`);
    stage.dispatcher.proven(session, 'm1', 'p1');
    stage.dispatcher.turnEnded(session, { promptId: 'p1', answer: null, failure: 'API error' });
    expect(stage.mailbox.get('m1')?.state).toBe('failed');
    expect(stage.dispatcher.change('m1', 'retry')).toBe(true);
    expect(stage.mailbox.get('m1')).toMatchObject({ state: 'leased', attempts: 2 });
    expect(stage.mailbox.get('m1')).not.toHaveProperty('promptId');
    expect(stage.typedInto(session)).toEqual(['m1', 'm1']);
    stage.dispatcher.close();
  });

  it('is refused for what has been answered', async () => {
    const stage = aDesk();
    const session = stage.start();
    await stage.dispatcher.accept(aMessage('m1', { recipient: session.id }));
    stage.dispatcher.proven(session, 'm1', 'p1');
    stage.dispatcher.turnEnded(session, { promptId: 'p1', answer: 'done' });
    expect(stage.dispatcher.change('m1', 'retry')).toBe(false);
    stage.dispatcher.close();
  });
});
