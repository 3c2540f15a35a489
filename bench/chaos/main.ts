/**
 * `npm run chaos -- --messages 10000 --seed 1`: real daemons, supervisors, hooks and senders over fake claudes, with faults
 * while messages flow; then every promised message is looked for in every transcript. Exit 1 on any violation.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startLoopbackApi } from '../../src/demo/stand-ins/messages-api.ts';
import { realClaudePath, realClaudeVersion } from '../../test/support/claude-binary.ts';
import { run } from '../../test/support/run-command.ts';
import { ChaosWorld } from './chaos-world.ts';
import { Faults } from './faults.ts';
import { runMachines } from './machines/run-machines.ts';
import { ManagedSlot } from './managed-slot.ts';
import { findOrphans } from './orphans.ts';
import { folderOf, makePlan } from './plan.ts';
import { printReport, type Report } from './report.ts';
import { delay, Senders } from './senders.ts';
import { SessionSlot, type Slot } from './session-slot.ts';
import { judge } from './verdict.ts';

const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    sessions: { type: 'string' },
    seconds: { type: 'string', default: '900' },
    /** Instead: so many machines of a mesh that send to each other. */
    machines: { type: 'string' },
    /** The real claude (CLAUDEX_TEST_CLAUDE_BIN, or the devDependency) in every seat, over a loopback Messages API. */
    real: { type: 'boolean', default: false },
    /** Managed sessions alone, and each of their faults once. */
    hosts: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    'no-faults': { type: 'boolean', default: false },
    /** Journal, log and transcripts are kept though nothing is wrong. */
    keep: { type: 'boolean', default: false },
  },
});
const options = {
  messages: Number(values.messages),
  seed: Number(values.seed),
  sessions: Number(values.sessions ?? (values.real ? 6 : 18)),
};
const maxSeconds = Number(values.seconds);
for (const [name, value] of Object.entries({ ...options, seconds: maxSeconds })) {
  if (!Number.isSafeInteger(value) || value < 1) throw new Error(`--${name} takes a whole number from 1`);
}
if (values.machines !== undefined) {
  const machines = Number(values.machines);
  if (!(machines >= 2)) throw new Error('--machines takes a whole number from 2');
  const faults = !values['no-faults'];
  process.exit(await runMachines({ ...options, machines, seconds: maxSeconds, faults }));
}
/** After the last message was accepted, the queue may stand still for this long. */
const drainMs = 60_000;
/** A session that can be reached at any time and still sits idle on a queue for this long has stalled. */
const stalledMs = 20_000;
/** Where only a prompt lets messages in, the person comes back this soon. */
const patienceMs = 400;

const startedAt = Date.now();
const api = values.real ? await startLoopbackApi(() => ({ text: 'OK' })) : undefined;
const plan = makePlan({
  ...options,
  hostsOnly: values.hosts,
  ...(values.real && { realVersion: realClaudeVersion() }),
});
const stage = new ChaosWorld(
  plan.seats.map((_, index) => folderOf(index)),
  api && { path: realClaudePath(), url: api.url },
);
const seats = plan.seats.map((profile, index) => {
  const cwd = stage.home.dir(folderOf(index));
  return profile.managed ? new ManagedSlot(stage, profile, cwd) : new SessionSlot(stage, profile, cwd);
});
let over = false;
const outOfTime = (): boolean => over || Date.now() - startedAt > maxSeconds * 1000;
const senders = new Senders(stage, seats, values.real ? 2 : 20, outOfTime);
const faults = new Faults(stage, seats, senders);
const stalls: string[] = [];
let prompts = 0;
let pending = 0;

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => void cleanUp().finally(() => process.exit(130)));
}
try {
  process.exitCode = await runAll();
} finally {
  await cleanUp();
}
process.exit();

async function runAll(): Promise<number> {
  const installed = await run(process.execPath, [stage.claudexBin, 'install'], { env: stage.env() });
  if (installed.code !== 0) throw new Error(`claudex install: ${installed.stderr}`);
  await stage.startDaemon();
  for (const seat of seats) seat.start();
  const watching = watch();
  const progress = setInterval(() => {
    const struck = [...faults.struck.values()].reduce((sum, one) => sum + one, 0);
    say(
      `${senders.promised.size}/${options.messages} accepted, ${pending} waiting, ${struck} faults, ${stalls.length} stalls`,
    );
  }, 5000);
  const striking = values['no-faults']
    ? Promise.resolve()
    : faults.run(
        plan.faults,
        () => senders.promised.size,
        () => outOfTime() || (senders.promised.size >= options.messages && !values.hosts),
      );
  await senders.run(plan.messages);
  await striking;
  stage.setClock(0);
  const acceptedSeconds = (Date.now() - startedAt) / 1000;
  say('all accepted; draining');
  const drained = await drain();
  clearInterval(progress);
  over = true;
  await watching;
  const messages = stage.inOrderOfAcceptance(await stage.client.messages({ ended: options.messages }));
  say('looking for orphans');
  for (const seat of seats) if (seat instanceof ManagedSlot) seat.close();
  const orphans = await findOrphans(stage, seats);
  const verdict = judge(senders.promised, messages, join(stage.home.home, '.claude', 'projects'));
  const report: Report = {
    ...options,
    seconds: (Date.now() - startedAt) / 1000,
    acceptedSeconds,
    drained,
    ownDisk: stage.hasOwnDisk,
    faults: Object.fromEntries(faults.struck),
    failedTries: Object.fromEntries(senders.failures),
    failedStarts: Object.fromEntries(stage.startFailures),
    sessionsStarted: seats.reduce((sum, seat) => sum + seat.starts, 0),
    prompts,
    stalls,
    orphans,
    ...verdict,
  };
  printReport(report, values.json);
  const good = verdict.violations.length === 0 && orphans.length === 0 && verdict.accepted === options.messages;
  if (!good || values.keep) say(`evidence: ${stage.keepEvidence()}`);
  return good ? 0 : 1;
}

/** Watches the queues: tells the senders how long they are, and plays the person where only a prompt lets messages in. */
async function watch(): Promise<void> {
  /** Since when nothing has happened in a folder's idle session while messages waited for it. */
  const waits = new Map<string, { since: number; seen: string }>();
  let nothingSince = Date.now();
  while (!over) {
    await delay(100);
    const sessions = await stage.client.sessions().catch(() => undefined);
    if (!sessions) {
      if (Date.now() - nothingSince > 3000) await stage.startDaemon();
      continue;
    }
    nothingSince = Date.now();
    pending = sessions.reduce((sum, one) => sum + one.pending, 0);
    for (const seat of seats) {
      const session = sessions.find((one) => one.cwd === seat.cwd);
      senders.pending.set(seat.cwd, session?.pending ?? senders.pending.get(seat.cwd) ?? 0);
      const before = waits.get(seat.cwd);
      const seen = `${session?.id} ${session?.pending} ${session?.lastActiveAt}`;
      if (!session || session.pending === 0 || session.state !== 'idle' || before?.seen !== seen) {
        waits.set(seat.cwd, { since: Date.now(), seen });
        continue;
      }
      const waitedMs = Date.now() - before.since;
      if (seat.profile.version === '2.1.100' ? waitedMs > patienceMs : waitedMs > stalledMs) {
        await nudge(seat, session.id);
        waits.set(seat.cwd, { since: Date.now(), seen });
      }
    }
  }
}

async function nudge(seat: Slot, sessionId: string): Promise<void> {
  if (seat.profile.version !== '2.1.100') {
    const open = await stage.client.messages().catch(() => []);
    const first = open.find(
      (one) => one.recipient.id === sessionId && (one.state === 'queued' || one.state === 'leased'),
    );
    // notes wait for a prompt by their nature
    if (first && open.every((one) => one.recipient.id !== sessionId || one.state !== 'queued' || one.kind === 'note')) {
      if (first.state === 'queued') return promptIn(seat);
    }
    const at = Math.round((Date.now() - startedAt) / 1000);
    const what = `${first?.id} is ${first?.state}${first?.route ? ` by ${first.route}` : ''} (${first?.reason ?? 'no reason'})`;
    stalls.push(`${at} s, ${seat.profile.name}, ${seat.cwd.split('/').at(-1)?.slice(0, 7)}: ${what}`);
    say(`stalled: ${stalls.at(-1)}`);
  }
  await promptIn(seat);
}

async function promptIn(seat: Slot): Promise<void> {
  prompts++;
  await seat.prompt('go on');
}

/** True when nothing is open any more. Notes need a prompt: the person goes round. */
async function drain(): Promise<boolean> {
  let until = Date.now() + drainMs;
  let left = Number.POSITIVE_INFINITY;
  for (let round = 0; Date.now() < until; round++) {
    await delay(500);
    const messages = await stage.client.messages().catch(() => undefined);
    if (!messages) {
      await stage.startDaemon();
      continue;
    }
    const open = messages.filter(
      (one) => one.state === 'queued' || one.state === 'leased' || one.state === 'delivered',
    );
    if (open.length === 0) return true;
    if (open.length < left) until = Date.now() + drainMs;
    left = open.length;
    if (round % 4 !== 0) continue;
    for (const seat of seats) {
      const here = open.filter((one) => one.recipient.cwd === seat.cwd);
      if (here.length > 0 && here.every((one) => one.kind === 'note')) await promptIn(seat);
    }
  }
  return false;
}

async function cleanUp(): Promise<void> {
  over = true;
  for (const seat of seats) seat.close();
  await stage.dispose();
  await api?.close();
}

function say(text: string): void {
  if (!values.json) process.stderr.write(`${((Date.now() - startedAt) / 1000).toFixed(0).padStart(4)} s  ${text}\n`);
}
