/** Starts the worker where none listens. Safe from many shells at once: its lock lets one win, the others ask that one. */
import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Readable } from 'node:stream';
import { environmentForClaude } from '../claude/environment.ts';
import { ClaudexError } from '../errors.ts';
import { claudexPaths, ensurePrivateDir, entryPoint } from '../paths.ts';

const startTimeoutMs = 10_000;

/**
 * Resolves when a worker listens, this one or another that was quicker.
 * @throws ClaudexError WORKER_START_FAILED, HOME_NOT_PRIVATE
 */
export async function startWorker(env: NodeJS.ProcessEnv): Promise<void> {
  const paths = claudexPaths(env);
  ensurePrivateDir(paths.home);
  ensurePrivateDir(paths.warm);
  mkdirSync(dirname(paths.warmLog), { recursive: true, mode: 0o700 });
  const errorLog = openSync(`${paths.warmLog}.stderr`, 'a', 0o600);
  const child = spawn(process.execPath, [...process.execArgv, entryPoint(), 'warm', 'run'], {
    cwd: paths.home,
    detached: true,
    env: { ...environmentForClaude(env), CLAUDEX_HOME: paths.home },
    stdio: ['ignore', errorLog, errorLog, 'pipe'],
  });
  closeSync(errorLog);
  const ready = child.stdio[3] as Readable;
  try {
    await new Promise<void>((resolve, reject) => {
      const fail = (facts: string): void => reject(new ClaudexError('WORKER_START_FAILED', facts));
      const timer = setTimeout(() => fail(`It was not ready within ${startTimeoutMs} ms.`), startTimeoutMs);
      let text = '';
      ready.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      child.once('error', (error) => fail(error.message));
      // it closes the pipe when it listens, or by ending
      ready.once('close', () => {
        clearTimeout(timer);
        if (text.startsWith('ready')) resolve();
        else fail(text.trim() || 'It ended at once.');
      });
    });
  } finally {
    ready.destroy();
    child.unref();
  }
}
