/** Starts the worker where none listens. Safe from many shells at once: its lock lets one win, the others ask that one. */
import { closeSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Readable } from 'node:stream';
import { spawnBackground } from '../../background/spawn.ts';
import { environmentForClaude } from '../../claude/environment.ts';
import { ClaudexError, isErrorCode } from '../../errors/claudex-error.ts';
import { entryPoint } from '../../home/package.ts';
import { type ClaudexPaths, claudexPaths } from '../../home/paths.ts';
import { asHomeError, ensurePrivateDir, makeDir } from '../../home/private-folder.ts';

const startTimeoutMs = 10_000;

/**
 * Resolves when a worker listens, this one or another that was quicker.
 * @throws ClaudexError WORKER_START_FAILED, HOME_NOT_PRIVATE, HOME_UNWRITABLE, or what else kept the worker from starting
 */
export async function startWorker(env: NodeJS.ProcessEnv): Promise<void> {
  const paths = claudexPaths(env);
  const errorLog = openErrorLog(paths);
  const child = spawnBackground([entryPoint(), 'warm', 'run'], {
    cwd: paths.home,
    env: { ...environmentForClaude(env), CLAUDEX_HOME: paths.home },
    errorLog,
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
        const [word = '', ...facts] = text.trim().split(' ');
        if (word === 'ready') resolve();
        else if (word === '') fail('It ended at once.');
        else if (isErrorCode(word) && word !== 'INTERNAL') reject(new ClaudexError(word, facts.join(' ')));
        else fail(facts.join(' '));
      });
    });
  } finally {
    ready.destroy();
    child.unref();
  }
}

/** Makes the folders on the way. */
function openErrorLog({ home, warm, warmLog }: ClaudexPaths): number {
  try {
    for (const dir of [home, warm]) ensurePrivateDir(dir);
    makeDir(dirname(warmLog));
    return openSync(`${warmLog}.stderr`, 'a', 0o600);
  } catch (error) {
    throw asHomeError(error, home);
  }
}
