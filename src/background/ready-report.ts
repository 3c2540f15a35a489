/** How a background process tells its starter that it is ready, or why not: one line of JSON on a pipe, then the pipe's end. */
import { closeSync, writeSync } from 'node:fs';
import { ClaudexError, type ErrorCode, isErrorCode, toClaudexError } from '../errors/claudex-error.ts';

/** In the environment of a process whose starter listens: the descriptor of the pipe. */
export const readyVariable = 'CLAUDEX_READY_FD';

type ReadyReport = { ready: true } | { ready: false; code: string; facts: string };

/** The process is ready. Says nothing when nobody listens: run by hand, in the foreground. */
export function reportReady(env: NodeJS.ProcessEnv): void {
  report(env, { ready: true });
}

/** The process cannot start. */
export function reportFailure(env: NodeJS.ProcessEnv, error: unknown): void {
  const { code, facts } = toClaudexError(error);
  report(env, { ready: false, code, facts });
}

function report(env: NodeJS.ProcessEnv, value: ReadyReport): void {
  const fd = Number(env[readyVariable]);
  // once, and not for what this process starts
  delete env[readyVariable];
  if (!Number.isInteger(fd) || fd < 3) return;
  try {
    writeSync(fd, `${JSON.stringify(value)}\n`);
    closeSync(fd);
  } catch {
    // the starter has gone: nobody waits for the word
  }
}

/**
 * What the pipe has said until its end.
 * @param failedAs the code for what is nobody else's fault
 * @returns why the process has not started; undefined when it is ready
 */
export function readReport(text: string, failedAs: ErrorCode): ClaudexError | undefined {
  if (text.trim() === '') return new ClaudexError(failedAs, 'It ended at once.');
  try {
    const value = JSON.parse(text) as ReadyReport;
    if (value.ready) return undefined;
    const { code, facts } = value;
    return new ClaudexError(isErrorCode(code) && code !== 'INTERNAL' ? code : failedAs, String(facts));
  } catch {
    return new ClaudexError(failedAs, `It said: ${text.trim().slice(0, 200)}`);
  }
}
