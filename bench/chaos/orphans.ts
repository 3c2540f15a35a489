/** Who runs at the end of a run although nothing knows of it: hosts without a record, claudes that nobody holds. */
import { readdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { claudexPaths } from '../../src/home/paths.ts';
import { parentPid, processesWithEnvironment } from '../../test/support/processes.ts';
import type { ChaosWorld } from './chaos-world.ts';
import { ManagedSlot } from './managed-slot.ts';
import { commandLine, type Slot } from './session-slot.ts';

/** A claude that is asked to end takes up to five seconds, a pause after a crash up to twenty. */
const settlesWithinMs = 40_000;
const lookEveryMs = 250;

/** What is there too much, once everything has had its time; then all managed sessions are stopped, and nothing of them may be left. */
export async function findOrphans(stage: ChaosWorld, slots: readonly Slot[]): Promise<string[]> {
  await stage.startDaemon();
  const beside = await settled(() => processesBeside(stage, slots));
  for (const one of await stage.client.managed()) {
    if (one.state !== 'stopped') await stage.client.changeManaged(one.id, 'stop?now=true');
  }
  const managed = slots.filter((slot) => slot instanceof ManagedSlot);
  const left = await settled(() => [
    ...hosts(stage).map((pid) => `host ${pid} runs after the stop: ${commandLine(pid)}`),
    ...managed.flatMap((slot) => slot.claudePid() ?? []).map((pid) => `claude ${pid} runs after the stop`),
    ...readdirSync(claudexPaths(stage.env()).hosts)
      .filter((name) => !/\.log(\.1)?$/.test(name))
      .map((name) => `hosts/${name} is left after the stop`),
  ]);
  return [...beside, ...left];
}

function processesBeside(stage: ChaosWorld, slots: readonly Slot[]): string[] {
  const heldHosts = slots.map((slot) => (slot instanceof ManagedSlot ? slot.hostPid() : undefined));
  const heldClaudes = slots.map((slot) => slot.claudePid());
  return [
    ...hosts(stage)
      .filter((pid) => !heldHosts.includes(pid))
      .map((pid) => `host ${pid} without a record: ${commandLine(pid)}`),
    ...claudes(stage)
      .filter((pid) => !heldClaudes.includes(pid))
      .map((pid) => `claude ${pid} that nobody holds: ${commandLine(pid)}`),
  ];
}

function hosts(stage: ChaosWorld): number[] {
  return processesWithEnvironment([stage.home.root]).filter((pid) => / daemon (host|adopt) /.test(commandLine(pid)));
}

/** Without those that a claude has started itself. */
function claudes(stage: ChaosWorld): number[] {
  const all = processesWithEnvironment([stage.home.root]).filter((pid) => stage.isClaude(commandLine(pid)));
  return all.filter((pid) => !all.includes(parentPid(pid) ?? 0));
}

/** What `look` still finds when it had its time. */
async function settled(look: () => string[]): Promise<string[]> {
  for (let waitedMs = 0; waitedMs < settlesWithinMs; waitedMs += lookEveryMs) {
    if (look().length === 0) return [];
    await delay(lookEveryMs);
  }
  return look();
}
