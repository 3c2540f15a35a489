/** What the dispatcher does when proof does not come: one more try, another way, then it stands still. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { Dispatcher } from '../../../../src/daemon/delivery/dispatcher.ts';
import { Successors } from '../../../../src/daemon/delivery/successors.ts';
import { WaysIn } from '../../../../src/daemon/delivery/ways-in.ts';
import { Journal } from '../../../../src/daemon/messages/journal.ts';
import { MessageStore } from '../../../../src/daemon/messages/message-store.ts';
import { SessionTable } from '../../../../src/daemon/sessions/session-table.ts';
import { markOf } from '../../../../src/protocol/attribution.ts';
import type { Message } from '../../../../src/protocol/message.ts';
import type { SupervisorCommand } from '../../../../src/protocol/wire.ts';
import { verifies } from '../../../requirements.ts';
import { TestClock } from '../../../support/a-clock.ts';
import { aMessage } from '../../../support/a-message.ts';
import { aSessionFile } from '../../../support/a-session-file.ts';

const leaseMs = 4000;
const claudeId = '0b9d9f9e-5f0e-4a39-8a4e-3b1f1f2d7c55';
const id = 'mabcdefghijkmnp2';

/** A desk over folders like claude's, and a journal beside them. */
function aDesk(configDir = mkdtempSync(join(tmpdir(), 'claudex-unproven-'))) {
  onTestFinished(() => rmSync(configDir, { recursive: true, force: true }));
  const clock = new TestClock();
  const table = new SessionTable(clock);
  const log = () => undefined;
  const journal = new Journal(join(configDir, 'journal.ndjson'));
  const store = new MessageStore({ journal, log, clock });
  const stopped = new Set<number>();
  const waysIn = new WaysIn(clock);
  const policy = { gatePatienceMs: 2000, typePeers: false };
  const hasMoved = (): boolean => false;
  const isStopped = (pid: number): boolean => stopped.has(pid);
  const dispatcher = new Dispatcher({
    successors: new Successors(table, store, () => false),
    table,
    store,
    waysIn,
    log,
    clock,
    policy,
    leaseMs,
    isStopped,
    hasMoved,
  });
  const close = (): void => {
    dispatcher.close();
    journal.close();
  };
  let isOpen = true;
  onTestFinished(() => {
    if (isOpen) close();
  });
  const told: string[] = [];
  dispatcher.personNeeded.add(({ reason }) => void told.push(reason));
  const commands: SupervisorCommand[] = [];
  const woken: string[] = [];
  const { session } = table.ensure({ pid: 100, startTime: '100', cwd: '/work/api', configDir });
  return {
    clock,
    table,
    store,
    stopped,
    waysIn,
    dispatcher,
    session,
    configDir,
    /** This daemon ends. */
    end(): void {
      isOpen = false;
      close();
    },
    /** Why a person was told. */
    told,
    woken,
    commands,
    typed: (): number => commands.filter((one) => one.type === 'paste').length,
    message: (): Message => store.get(id)!,
    pass(ms: number, stepMs = 100) {
      for (let passed = 0; passed < ms; passed += stepMs) {
        clock.pass(stepMs);
        vi.advanceTimersByTime(stepMs);
      }
    },
    /** The session is idle under a supervisor. */
    supervise() {
      session.turnEnded();
      session.connected({ pid: 7, send: (command) => void commands.push(command) });
      dispatcher.sessionChanged(session);
    },
    /** A waiting hook, as often as one has been used up. */
    wait(): void {
      waysIn.addWaiter(session, {
        wake: (text) => {
          woken.push(text);
        },
        dismiss: () => undefined,
      });
    },
    send: (given: Parameters<typeof aMessage>[1] = {}) =>
      dispatcher.accept(aMessage(id, { recipient: session.id, ...given })),
    unproven(message: Message) {
      dispatcher.pasteReported(session, {
        messageId: message.id,
        lease: message.attempts,
        outcome: 'refused',
        reason: 'unproven',
      });
    },
    /** Writes records into a transcript of claude's. */
    transcript(folder: string, sessionId: string, ...records: object[]): string {
      const dir = join(configDir, 'projects', folder);
      mkdirSync(dir, { recursive: true });
      const path = join(dir, `${sessionId}.jsonl`);
      writeFileSync(path, records.map((one) => `${JSON.stringify(one)}\n`).join(''));
      return path;
    },
  };
}

const prompt = (text: string, more: object = {}) => ({
  type: 'user',
  promptId: 'p1',
  message: { content: text },
  ...more,
});
const ours = (more: object = {}) => prompt(`${markOf({ id })} from me]\ngo`, more);
const states = (message: Message): string[] => message.history.map((one) => one.route ?? one.state);

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

describe(`what cannot be proven ${verifies('no-endless-repeat')}`, () => {
  it('goes in once more, by another way, and then stands still; a person is told', async () => {
    const desk = aDesk();
    desk.session.hookHeard(false, 'default');
    desk.supervise();
    desk.wait();
    await desk.send();
    desk.unproven(desk.message());
    expect(desk.message()).toMatchObject({ state: 'leased', route: 'wake', attempts: 2 });
    desk.pass(leaseMs + 1000);
    expect(desk.message()).toMatchObject({
      state: 'stuck',
      reason: 'put in by paste, then wake; claude never showed that it arrived',
    });
    desk.wait();
    desk.pass(10 * 60_000, 1000);
    desk.dispatcher.sessionChanged(desk.session);
    expect([desk.typed(), desk.woken.length]).toEqual([1, 1]);
    expect(desk.told).toEqual(['your word: nobody knows whether it went in (claudex inbox)']);
  });

  it('stands still after one try where nothing could show it', async () => {
    const desk = aDesk();
    desk.supervise();
    await desk.send();
    desk.pass(leaseMs + 1000);
    expect(desk.message().state).toBe('stuck');
    desk.pass(10 * 60_000, 1000);
    expect(desk.typed()).toBe(1);
  });

  it('does not hold up what comes after it', async () => {
    const desk = aDesk();
    desk.supervise();
    await desk.send();
    await desk.dispatcher.accept(aMessage('mzzzzzzzzzzzzzz2', { recipient: desk.session.id }));
    desk.unproven(desk.message());
    desk.dispatcher.gateOpened(desk.session);
    expect(desk.store.mailbox.get('mzzzzzzzzzzzzzz2')?.state).toBe('leased');
  });

  it('stays stuck in the next daemon, and is queued again by a person alone', async () => {
    const desk = aDesk();
    desk.supervise();
    await desk.send();
    desk.unproven(desk.message());
    desk.end();
    const next = aDesk(desk.configDir);
    const { session } = next;
    next.store.readdress(id, { ...next.message().recipient, id: session.id });
    next.dispatcher.restored();
    next.supervise();
    next.pass(60_000, 1000);
    expect([next.message().state, next.typed()]).toEqual(['stuck', 0]);
    expect(next.dispatcher.change(id, 'retry')).toBe(true);
    expect([next.message().state, next.typed()]).toEqual(['leased', 1]);
  });

  it('can be taken back', async () => {
    const desk = aDesk();
    desk.supervise();
    await desk.send();
    desk.unproven(desk.message());
    expect(desk.dispatcher.change(id, 'cancel')).toBe(true);
    expect(desk.message().state).toBe('cancelled');
  });

  it('is delivered after all when claude shows it late', async () => {
    const desk = aDesk();
    desk.supervise();
    await desk.send();
    desk.unproven(desk.message());
    expect(desk.dispatcher.proven(desk.session, id, 'p1')).toBe(true);
    expect(desk.message()).toMatchObject({ state: 'delivered', route: 'paste' });
  });

  it('is not retried by hand when a transcript shows it by then', async () => {
    const desk = aDesk();
    desk.session.conversationIs(claudeId, desk.transcript('-work-api', claudeId, prompt('before')));
    desk.supervise();
    await desk.send();
    desk.unproven(desk.message());
    desk.dispatcher.gateOpened(desk.session);
    desk.unproven(desk.message());
    expect(desk.message().state).toBe('stuck');
    desk.transcript('-work-api', claudeId, prompt('before'), ours());
    expect(desk.dispatcher.change(id, 'retry')).toBe(true);
    expect([desk.message().state, desk.typed()]).toEqual(['delivered', 2]);
  });

  it('what is certain not to have gone in is no such try', async () => {
    const desk = aDesk();
    desk.supervise();
    await desk.send();
    for (let refusal = 0; refusal < 50; refusal++) {
      const { attempts } = desk.message();
      desk.dispatcher.pasteReported(desk.session, {
        messageId: id,
        lease: attempts,
        outcome: 'refused',
        reason: 'draft',
      });
      expect(desk.message()).toMatchObject({ state: 'queued' });
      desk.dispatcher.gateOpened(desk.session);
    }
    expect(desk.message()).toMatchObject({ state: 'leased', attempts: 51 });
    expect(states(desk.message())).toEqual(['queued', 'paste', 'queued', 'paste']);
  });

  it('a supervisor that is stopped still has what it was given', async () => {
    const desk = aDesk();
    desk.supervise();
    desk.stopped.add(7);
    await desk.send();
    desk.pass(10 * leaseMs);
    expect(desk.message()).toMatchObject({ state: 'leased', attempts: 1 });
    desk.stopped.delete(7);
    desk.dispatcher.pasteReported(desk.session, { messageId: id, lease: 1, outcome: 'refused', reason: 'suspended' });
    expect(desk.message()).toMatchObject({ state: 'queued', reason: 'prompt box: suspended' });
  });

  it('a session that ends with its transcript whole leaves no doubt; one without a transcript does', async () => {
    for (const [hasTranscript, tries] of [
      [true, undefined],
      [false, [{ route: 'paste', lease: 1, session: expect.any(String) }]],
    ] as const) {
      const desk = aDesk();
      if (hasTranscript) desk.session.conversationIs(claudeId, desk.transcript('-work-api', claudeId, prompt('x')));
      desk.supervise();
      await desk.send();
      desk.table.remove(desk.session);
      desk.dispatcher.sessionGone(desk.session);
      expect(desk.message()).toMatchObject({ state: 'queued', recipient: { id: null } });
      expect(desk.message().unproven).toEqual(tries);
    }
  });
});

describe(`proof ${verifies('exactly-once')}`, () => {
  it('a prompt that quotes the mark of a message that still waits proves nothing', async () => {
    const desk = aDesk();
    desk.supervise();
    desk.session.promptSubmitted();
    desk.dispatcher.sessionChanged(desk.session);
    await desk.send();
    expect(desk.dispatcher.proven(desk.session, id, 'p1')).toBe(false);
    expect(desk.message().state).toBe('queued');
  });

  it('is found in a folder whose name claude has cut short', async () => {
    const desk = aDesk();
    const guess = join(desk.configDir, 'projects', `-${'p'.repeat(220)}`, `${claudeId}.jsonl`);
    desk.session.conversationIs(claudeId, guess);
    desk.supervise();
    await desk.send();
    desk.transcript(`-${'p'.repeat(199)}-1x2y3z`, claudeId, ours());
    desk.pass(leaseMs + 1000);
    expect(desk.message()).toMatchObject({ state: 'delivered', attempts: 1, promptId: 'p1' });
  });

  it('is found in a conversation that claude forked and nobody told of', async () => {
    const desk = aDesk();
    desk.session.conversationIs(claudeId, desk.transcript('-work-api', claudeId, prompt('x')));
    desk.supervise();
    await desk.send();
    const fork = desk.transcript('-work-api', claudeId.replace('0b', '1c'), prompt('x'), ours());
    desk.unproven(desk.message());
    expect(desk.message()).toMatchObject({ state: 'delivered', attempts: 1 });
    expect(desk.message().transcriptsFrom).toContainEqual({ path: fork, bytes: 0 });
  });

  it('is found in a fork when the session has ended, before the next one would be given it', async () => {
    const desk = aDesk();
    desk.session.conversationIs(claudeId, desk.transcript('-work-api', claudeId, prompt('x')));
    desk.supervise();
    await desk.send();
    desk.transcript('-work-api', claudeId.replace('0b', '1c'), prompt('x'), ours());
    desk.table.remove(desk.session);
    desk.dispatcher.sessionGone(desk.session);
    expect(states(desk.message())).toEqual(['queued', 'paste', 'paste', 'failed']);
    expect(desk.message().reason).toBe('the session ended before its turn did');
  });

  it('is found in a fork by the next daemon, that does not know the session any more', async () => {
    const desk = aDesk();
    desk.session.conversationIs(claudeId, desk.transcript('-work-api', claudeId, prompt('x')));
    desk.supervise();
    await desk.send();
    desk.end();
    desk.transcript('-work-api', claudeId.replace('0b', '1c'), prompt('x'), ours());
    const next = aDesk(desk.configDir);
    next.dispatcher.restored();
    expect(next.message()).toMatchObject({ state: 'failed', attempts: 1 });
  });

  it('is looked for in forks once more before a second try', async () => {
    const desk = aDesk();
    desk.session.conversationIs(claudeId, desk.transcript('-work-api', claudeId, prompt('x')));
    desk.supervise();
    await desk.send();
    desk.unproven(desk.message());
    expect(desk.message().state).toBe('queued');
    desk.transcript('-work-api', claudeId.replace('0b', '1c'), prompt('x'), ours());
    desk.dispatcher.gateOpened(desk.session);
    expect([desk.message().state, desk.typed()]).toEqual(['delivered', 1]);
  });

  it('is younger than a retry by hand: what a fork has copied proves nothing', async () => {
    const desk = aDesk();
    desk.session.conversationIs(claudeId, desk.transcript('-work-api', claudeId, prompt('x')));
    desk.supervise();
    await desk.send();
    const at = (ms: number) => ({ timestamp: new Date(desk.clock.now + ms).toISOString() });
    const first = ours(at(0));
    desk.transcript('-work-api', claudeId, prompt('x'), first);
    desk.pass(1000);
    desk.dispatcher.proven(desk.session, id, 'p1');
    desk.dispatcher.turnEnded(desk.session, { promptId: 'p1', answer: null, failure: 'API error' });
    expect(desk.dispatcher.change(id, 'retry')).toBe(true);
    const forkId = claudeId.replace('0b', '1c');
    const fork = desk.transcript('-work-api', forkId, prompt('x'), first);
    desk.session.conversationIs(forkId, fork);
    desk.dispatcher.sessionChanged(desk.session);
    desk.pass(1000);
    expect(desk.message()).toMatchObject({ state: 'leased', attempts: 2 });
    desk.transcript('-work-api', forkId, prompt('x'), first, ours({ ...at(500), promptId: 'p2' }));
    desk.dispatcher.sessionChanged(desk.session);
    expect(desk.message()).toMatchObject({ state: 'delivered', promptId: 'p2' });
  });
});

describe(`a dialog that our message opened ${verifies('denial')}`, () => {
  const held = {
    type: 'system',
    content: `Held peer message — from an unidentified session; preview: «claudex ${id} from me» … (1 held).`,
  };
  const socketFile = (status: string) => aSessionFile({ messagingSocketPath: '/nowhere.sock', status });

  /** A bare session in bypass mode whose claude has our message. */
  async function aHeldMessage() {
    const desk = aDesk();
    vi.spyOn(desk.waysIn, 'carry').mockImplementation(() => undefined);
    desk.session.fileRead(socketFile('idle'));
    desk.session.conversationIs(claudeId, desk.transcript('-work-api', claudeId, prompt('x')));
    desk.dispatcher.sessionChanged(desk.session);
    await desk.send();
    expect(desk.message()).toMatchObject({ state: 'leased', route: 'inbox-socket' });
    desk.transcript('-work-api', claudeId, prompt('x'), held);
    const become = (status: string): void => {
      desk.session.fileRead(socketFile(status));
      desk.dispatcher.sessionChanged(desk.session);
    };
    become('waiting');
    return { ...desk, become };
  }

  it('the person has all the time they want', async () => {
    const { pass, message } = await aHeldMessage();
    pass(20 * leaseMs);
    expect(message()).toMatchObject({ state: 'leased', attempts: 1 });
  });

  it('a no ends the message: it is never sent again by itself', async () => {
    const { pass, message, become, session } = await aHeldMessage();
    pass(leaseMs);
    become('idle');
    pass(1000);
    expect(message().state).toBe('leased');
    pass(1000);
    expect(message()).toMatchObject({ state: 'failed', reason: 'denied by the person at that session', attempts: 1 });
    expect(session.hasHeldPeers).toBe(true);
    pass(10 * leaseMs);
    expect(message()).toMatchObject({ state: 'failed', attempts: 1 });
  });

  it('a yes is seen in the transcript, though claude writes it a moment later', async () => {
    const { pass, message, become, transcript } = await aHeldMessage();
    become('busy');
    pass(1000);
    const words = `Another Claude session sent a message:\n${markOf({ id })} from me]\ngo`;
    transcript('-work-api', claudeId, prompt('x'), held, prompt(words));
    pass(1000);
    expect(message()).toMatchObject({ state: 'delivered', promptId: 'p1' });
  });

  it('a no is heard although claude has not written down that it asked', async () => {
    const desk = await aHeldMessage();
    desk.transcript('-work-api', claudeId, prompt('x'));
    desk.session.hookHeard(false, 'bypassPermissions');
    desk.session.fileRead(aSessionFile({ ...socketFile('waiting'), waitingFor: 'permission prompt' }));
    desk.dispatcher.sessionChanged(desk.session);
    desk.become('idle');
    desk.pass(2500);
    expect(desk.message()).toMatchObject({ state: 'failed', reason: 'denied by the person at that session' });
  });

  it('where a person would be asked again, nothing is tried again', async () => {
    const desk = await aHeldMessage();
    desk.transcript('-work-api', claudeId, prompt('x'));
    desk.session.hookHeard(false, 'bypassPermissions');
    desk.become('idle');
    desk.pass(leaseMs + 2000);
    expect(desk.message()).toMatchObject({ state: 'stuck', attempts: 1 });
  });

  it('another dialog closed is no answer', async () => {
    const desk = await aHeldMessage();
    desk.transcript('-work-api', claudeId, prompt('x'));
    desk.become('idle');
    desk.pass(2500);
    expect(desk.message().state).toBe('leased');
  });
});

describe(`a person is told once for each message ${verifies('no-endless-repeat')}`, () => {
  it('however often it is looked at', async () => {
    const desk = aDesk();
    desk.session.turnEnded();
    desk.session.hookHeard(false, 'default');
    await desk.send();
    for (let look = 0; look < 10; look++) desk.dispatcher.sessionChanged(desk.session);
    expect(desk.told).toEqual(['the next prompt']);
  });
});
