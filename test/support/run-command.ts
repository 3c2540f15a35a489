/** Runs a program to its end, without a terminal, and tells everything it said. */
import { spawn } from 'node:child_process';
import { registerProcess } from './resources.ts';

export interface RunOptions {
  env: Record<string, string>;
  cwd?: string;
  /** Written to stdin, which is then closed; without it stdin is /dev/null. */
  stdin?: string | Buffer;
  /** 60 000 by default. */
  timeoutMs?: number;
}

export interface RunResult {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
  /** stdout as it came. */
  stdoutBytes: Buffer;
}

/**
 * Runs `file` and resolves when it has ended and its output is complete; a non-zero exit is a result, not an error.
 * @throws Error with everything read so far when it cannot start or does not end in time (it is killed then).
 */
export async function run(file: string, args: readonly string[], options: RunOptions): Promise<RunResult> {
  const { env, cwd, stdin, timeoutMs = 60_000 } = options;
  const child = spawn(file, args, { env, cwd, stdio: [stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'] });
  if (child.pid !== undefined) registerProcess(child.pid, `${file} ${args.join(' ')}`);
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk));
  // EPIPE is expected when the program ends without reading its stdin.
  child.stdin?.on('error', () => {});
  child.stdin?.end(stdin);
  const said = (): string => `stdout:\n${Buffer.concat(stdout)}\nstderr:\n${Buffer.concat(stderr)}`;
  return await new Promise<RunResult>((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      // A grandchild may hold the pipes open: do not wait for them.
      child.stdout?.destroy();
      child.stderr?.destroy();
      reject(new Error(`${file} ${args.join(' ')} did not end within ${timeoutMs} ms\n${said()}`));
    }, timeoutMs);
    child.once('error', (error) => {
      clearTimeout(timer);
      reject(new Error(`${file} cannot be started: ${error.message}`, { cause: error }));
    });
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      const stdoutBytes = Buffer.concat(stdout);
      resolve({
        code,
        signal,
        stdout: stdoutBytes.toString('utf8'),
        stderr: Buffer.concat(stderr).toString('utf8'),
        stdoutBytes,
      });
    });
  });
}
