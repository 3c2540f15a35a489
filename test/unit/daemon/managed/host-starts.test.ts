/** Starts of hosts that fail, follow on a crash, or are asked for in its pause: no session is left with neither a host nor a next start. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { HostKeeper } from '../../../../src/daemon/managed/host-keeper.ts';
import type { HostProcesses } from '../../../../src/daemon/managed/host-processes.ts';
import { IdleWatch } from '../../../../src/daemon/managed/idle-watch.ts';
import { ManagedSessions } from '../../../../src/daemon/managed/managed-sessions.ts';
import { ManagedStore } from '../../../../src/daemon/managed/managed-store.ts';
import type { Session } from '../../../../src/daemon/sessions/session.ts';
import { SessionTable } from '../../../../src/daemon/sessions/session-table.ts';
import { ClaudexError } from '../../../../src/errors/claudex-error.ts';
import { processStartTime } from '../../../../src/process/identity.ts';
import type { HostFile } from '../../../../src/protocol/host-files.ts';
import type { ManagedSession } from '../../../../src/protocol/managed.ts';
import { verifies } from '../../../requirements.ts';
import { TestClock } from '../../../support/a-clock.ts';
import { aSessionFile } from '../../../support/a-session-file.ts';

const conversation = '11111111-2222-3333-4444-555555555555';

/** A session with a conversation, on hosts that are only said to run. */
function aHouse(record: Partial<ManagedSession> = {}) {
  vi.useFakeTimers();
  const home = mkdtempSync(join(tmpdir(), 'claudex-starts-'));
  const clock = new TestClock();
  const log = (): void => undefined;
  const store = new ManagedStore({ folder: join(home, 'managed'), home, clock, log });
  const table = new SessionTable(clock);
  const host = {
    file: undefined as HostFile | undefined,
    isAlive: false,
    /** Has its place, and may have started claude. */
    pid: undefined as number | undefined,
    starts: 0,
    /** How it was told to end. */
    ended: [] as string[],
    /** What the next starts end in. */
    failure: undefined as ClaudexError | undefined,
  };
  const hosts: HostProcesses = {
    start: async () => {
      host.starts++;
      if (host.failure) throw host.failure;
      host.isAlive = true;
      host.file = {
        version: 1,
        id: 'one',
        host: { pid: 1, startTime: 'then' },
        claude: { pid: 999_999_999, startTime: 'then' },
        wasResume: true,
        viewers: 0,
        maybeDraft: false,
        ended: null,
      };
      return host.file;
    },
    isHeld: () => host.isAlive,
    isHeldBy: (_, pid) => pid === host.pid,
    found: async () => host.file!,
    read: () => host.file,
    isAlive: () => host.isAlive,
    end: (_, how) => void host.ended.push(how),
    endLeftBehind: async () => undefined,
    prepare: () => undefined,
    clear: () => {
      host.file = undefined;
    },
    forget: () => undefined,
  };
  const idle = new IdleWatch({ table, clock, hostOf: hosts.read, pendingFor: () => 0 });
  const keeper = new HostKeeper({ store, hosts, table, idle, clock, log });
  const managed = new ManagedSessions({
    store,
    keeper,
    table,
    idle,
    clock,
    log,
    maxRunning: 1,
    idleTimeoutMs: 1000,
  });
  store.add({
    version: 1,
    id: 'one',
    name: null,
    cwd: home,
    args: [],
    env: {},
    claudeSessionId: conversation,
    hasConversation: true,
    state: 'sleeping',
    keepWarm: false,
    idleTimeoutMs: 1000,
    restart: 'crash',
    restarts: [],
    exit: null,
    since: clock.timeOfDay(),
    host: null,
    asked: null,
    ...record,
  });
  onTestFinished(() => {
    keeper.close();
    vi.useRealTimers();
    rmSync(home, { recursive: true, force: true });
  });
  const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);
  /** Claude and its host are killed, and somebody notices. */
  const crash = async (): Promise<void> => {
    host.isAlive = false;
    await pass(1500);
  };
  return { store, table, keeper, managed, host, pass, crash, one: () => store.known('one') };
}

const notReady = new ClaudexError('HOST_START_FAILED', 'It ended at once.');

describe(`starting a session that has run before ${verifies('managed-lifecycle')}`, () => {
  it('woken by a message while our package is away: it is started again until it is there', async () => {
    const { managed, host, pass, one } = aHouse();
    host.failure = notReady;
    managed.wake('one');
    await pass(0);
    expect(one()).toMatchObject({ state: 'starting', exit: { reason: expect.stringContaining('It ended at once') } });
    await pass(1000);
    host.failure = undefined;
    await pass(5000);
    expect(host).toMatchObject({ starts: 3, isAlive: true });
    expect(one().state).toBe('starting');
  });

  it('woken by a message and never able to: it is crashed after the fourth try, and its record says why', async () => {
    const { managed, host, pass, one } = aHouse();
    host.failure = notReady;
    managed.wake('one');
    await pass(60_000);
    expect(host.starts).toBe(4);
    expect(one()).toMatchObject({ state: 'crashed', exit: { reason: expect.stringContaining('It ended at once') } });
  });

  it('asked for by a person, it is tried once: the person hears why not', async () => {
    const { managed, host, pass, one } = aHouse();
    host.failure = notReady;
    await expect(managed.resume('one')).rejects.toMatchObject({ code: 'HOST_START_FAILED' });
    await pass(60_000);
    expect(host.starts).toBe(1);
    expect(one().state).toBe('crashed');
  });

  it('after a crash, its conversation being open elsewhere by then: it does not stay as if it were about to start', async () => {
    const { managed, table, pass, crash, one } = aHouse();
    await managed.resume('one');
    await crash();
    expect(one().state).toBe('starting');
    const startTime = processStartTime(process.pid)!;
    const { session } = table.ensure({ pid: process.pid, startTime, cwd: '/elsewhere', configDir: '/config' });
    session.conversationIs(conversation, null);
    await pass(60_000);
    expect(one()).toMatchObject({ state: 'crashed', exit: { reason: expect.stringContaining(session.id) } });
  });

  it.each(['resume', 'restart'] as const)(
    '%s in the pause after a crash starts it at once, also where no more may run',
    async (how) => {
      const { managed, host, crash, one } = aHouse();
      await managed.resume('one');
      await crash();
      expect(host).toMatchObject({ starts: 1, isAlive: false });
      await managed[how]('one');
      expect(host).toMatchObject({ starts: 2, isAlive: true });
      expect(one().state).toBe('starting');
    },
  );

  it('a disk that is full when it ends: what follows is done once it can be written down', async () => {
    const { managed, store, host, pass, crash, one } = aHouse();
    await managed.resume('one');
    const move = vi.spyOn(store, 'move').mockImplementation(() => {
      throw new ClaudexError('HOME_UNWRITABLE', 'No space left.');
    });
    await crash().catch(() => undefined);
    expect(host.starts).toBe(1);
    move.mockRestore();
    await pass(1500);
    expect(one()).toMatchObject({ state: 'starting', exit: { reason: expect.stringContaining('killed') } });
    await pass(1000);
    expect(host).toMatchObject({ starts: 2, isAlive: true });
  });
});

describe(`a claude that is seen before its host has said who it is ${verifies('managed-lifecycle')}`, () => {
  const seen = { pid: process.pid, startTime: processStartTime(process.pid)!, cwd: '/w', configDir: '/none' };

  it('is the session of that host from the first moment on', () => {
    const { table, host } = aHouse({ state: 'starting' });
    host.pid = process.ppid;
    expect(table.ensure(seen).session.id).toBe('one');
  });

  it('is another one where another process has started it, or its session has a claude that lives', () => {
    const { table, host } = aHouse({ state: 'starting' });
    host.pid = process.pid;
    const { session } = table.ensure(seen);
    expect(session.id).not.toBe('one');
    table.remove(session);
    table.expect(process.ppid, 'one');
    table.ensure({ ...seen, pid: process.ppid, startTime: processStartTime(process.ppid)! });
    host.pid = process.ppid;
    expect(table.ensure(seen).session.id).not.toBe('one');
  });

  it('is nobody’s of ours while none is to run', () => {
    const { table, host } = aHouse({ state: 'sleeping' });
    host.pid = process.ppid;
    expect(table.ensure(seen).session.id).not.toBe('one');
  });
});

describe(`stop ${verifies('managed-lifecycle')}`, () => {
  async function stopped(status: string, before: (session: Session) => void = () => undefined) {
    const { managed, table, host } = aHouse();
    const startTime = processStartTime(process.pid)!;
    await managed.resume('one');
    table.expect(process.pid, 'one');
    const { session } = table.ensure({ pid: process.pid, startTime, cwd: '/w', configDir: '/none' });
    before(session);
    session.fileRead(aSessionFile({ status }));
    managed.sessionChanged(session);
    managed.stop('one', { now: false });
    return { managed, session, ended: host.ended };
  }

  it('leaves a turn its end, also one in which claude waits for a person', async () => {
    for (const status of ['busy', 'waiting']) {
      const { managed, session, ended } = await stopped(status, (one) => one.permissionAsked('Bash'));
      managed.sessionChanged(session);
      expect(ended).toEqual([]);
      session.fileRead(aSessionFile({ status: 'idle' }));
      managed.sessionChanged(session);
      expect(ended).toEqual(['ask']);
    }
  });

  it('ends one that is idle, or waits with no turn: at a dialog of its own, at a question of its start', async () => {
    expect((await stopped('idle')).ended).toEqual(['ask']);
    expect((await stopped('waiting', (one) => one.turnEnded())).ended).toEqual(['ask']);
    expect((await stopped('waiting')).ended).toEqual(['ask']);
  });
});
