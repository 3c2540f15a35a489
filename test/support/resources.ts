/**
 * What a test opened and has to close: one stack for homes, terminals, API stand-ins and deferred functions, and the list
 * of processes and homes that the leak check looks for afterwards. Owns no resource itself.
 */
import { processStartTime } from './processes.ts';

export interface Resource {
  label: string;
  dispose(): void | Promise<void>;
  /** Printed when the test failed. */
  describe?(): string;
}

export interface StartedProcess {
  pid: number;
  /** Kernel start time, so that a reused pid is not mistaken for ours; undefined where /proc is missing. */
  startTime: string | undefined;
  label: string;
}

let open: Resource[] = [];
let startedProcesses: StartedProcess[] = [];
let homePaths: string[] = [];

/** Puts `resource` on the stack; returns the function that takes it off (call it when it was disposed of earlier). */
export function registerResource(resource: Resource): () => void {
  open.push(resource);
  return () => {
    open = open.filter((other) => other !== resource);
  };
}

/** Remembers a process that must be dead when the test has ended. */
export function registerProcess(pid: number, label: string): void {
  startedProcesses.push({ pid, startTime: processStartTime(pid), label });
}

/** Remembers a path that no process may carry in its environment when the test has ended. */
export function registerHomePath(path: string): void {
  homePaths.push(path);
}

/** Processes and paths registered since the last `forgetProcesses`. */
export function registered(): { processes: readonly StartedProcess[]; homePaths: readonly string[] } {
  return { processes: startedProcesses, homePaths };
}

/** Starts the next test with a clean slate. */
export function forgetProcesses(): void {
  startedProcesses = [];
  homePaths = [];
}

/** What the open resources have to say about themselves, for a failed test. */
export function describeResources(): string {
  return open
    .filter((resource) => resource.describe)
    .map((resource) => `── ${resource.label}\n${resource.describe?.()}`)
    .join('\n');
}

/** Disposes of everything on the stack, newest first; all of it even when some fail. Returns the failures. */
export async function disposeResources(): Promise<Error[]> {
  const failures: Error[] = [];
  for (let resource = open.pop(); resource; resource = open.pop()) {
    try {
      await resource.dispose();
    } catch (error) {
      failures.push(new Error(`disposing of ${resource.label} failed: ${error}`, { cause: error }));
    }
  }
  return failures;
}
