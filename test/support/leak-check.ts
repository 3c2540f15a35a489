/** Nothing of a test outlives it: closes what it opened, then looks for processes that are still there. */
import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach } from 'vitest';
import { isAlive, processCommandLine, processesWithEnvironment, processStartTime } from './processes.ts';
import { describeResources, disposeResources, forgetProcesses, registered } from './resources.ts';

/** Checks after every test of the file or `describe` it is called in. `useTestBed` calls it for you. */
export function installLeakCheck(): void {
  beforeEach(() => forgetProcesses());
  afterEach(async (context) => {
    if (context.task.result?.state === 'fail') {
      const description = describeResources();
      if (description) console.error(`state at the failure of "${context.task.name}":\n${description}`);
    }
    const failures = (await disposeResources()).map((error) => error.message);
    failures.push(...(await endLeakedProcesses()));
    for (const path of registered().homePaths) {
      if (existsSync(path)) failures.push(`${path} still exists`);
    }
    forgetProcesses();
    if (failures.length > 0) throw new Error(`the test left something behind:\n${failures.join('\n')}`);
  });
}

function leakedPids(): number[] {
  const { processes, homePaths } = registered();
  const started = processes
    .filter(({ pid, startTime }) => isAlive(pid) && processStartTime(pid) === startTime)
    .map(({ pid }) => pid);
  return [...new Set([...started, ...processesWithEnvironment(homePaths)])].filter(isAlive);
}

/** Gives what still runs `graceMs` to end (only a leak takes them all), kills the rest, and describes each one it killed. */
export async function endLeakedProcesses({ graceMs = 20_000 } = {}): Promise<string[]> {
  const deadline = Date.now() + graceMs;
  let pids = leakedPids();
  while (pids.length > 0 && Date.now() < deadline) {
    await delay(25);
    pids = leakedPids();
  }
  return pids.map((pid) => {
    const commandLine = processCommandLine(pid);
    if (isAlive(pid)) process.kill(pid, 'SIGKILL');
    return `process ${pid} was still running: ${commandLine}`;
  });
}
