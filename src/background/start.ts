/** Starts one of our background processes (the daemon, the worker of `claudex prompt`, a host) and waits until it says that it is ready. */
import type { ChildProcess } from 'node:child_process';
import { closeSync, openSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Readable } from 'node:stream';
import { environmentForClaude } from '../claude/environment.ts';
import { ClaudexError, type ErrorCode } from '../errors/claudex-error.ts';
import { entryPoint } from '../home/package.ts';
import { asHomeError, ensurePrivateDir, makeDir } from '../home/private-folder.ts';
import { readReport, readyVariable } from './ready-report.ts';
import { type BackgroundOptions, spawnBackground } from './spawn.ts';

const startTimeoutMs = 10_000;
const maxErrorLogBytes = 1 << 20;
/** Where spawnBackground puts the pipe. */
const readyFd = 3;

export interface StartOptions {
  /** The words after `claudex`. */
  words: readonly string[];
  /** Options of Node's. */
  nodeOptions?: readonly string[];
  /** The claudex folder; made on the way. */
  home: string;
  env: NodeJS.ProcessEnv;
  /** In its environment, beside what it needs of ours. */
  extraEnv?: Record<string, string>;
  /** Where its standard output and error go; the folder is made on the way. */
  errorLog: string;
  /** Where it runs; the claudex folder by default. */
  cwd?: string;
  descriptors?: BackgroundOptions['descriptors'];
  /** It has been started, and is on its way. */
  onSpawn?: (child: ChildProcess) => void;
  /** It has ended, however it did. */
  onExit?: () => void;
  /** A start that takes long is waited for while this says so. */
  isUnderWay?: () => boolean;
  /** The code for a start that fails for no reason of its own. */
  failedAs: ErrorCode;
}

/** Those that this process was not started with: its own are handed on, and a daemon that a host of a daemon starts would have each of them thrice. */
export function missingOptions(wanted: readonly string[], own: readonly string[] = process.execArgv): string[] {
  return wanted.filter((option) => !own.includes(option));
}

/**
 * Resolves when the process is ready, or has found another one that is.
 * @throws ClaudexError `failedAs`, HOME_NOT_PRIVATE, HOME_UNWRITABLE, PACKAGE_GONE, or what else kept it from starting
 */
export async function startBackground(options: StartOptions): Promise<void> {
  const { words, nodeOptions = [], home, env, extraEnv, failedAs } = options;
  const args = [...missingOptions(nodeOptions), entryPoint(), ...words];
  const errorLog = openErrorLog(options);
  const child = spawnBackground(args, {
    cwd: options.cwd ?? home,
    env: { ...environmentForClaude(env), CLAUDEX_HOME: home, ...extraEnv, [readyVariable]: String(readyFd) },
    errorLog,
    ...(options.descriptors && { descriptors: options.descriptors }),
  });
  options.onSpawn?.(child);
  closeSync(errorLog);
  if (options.onExit) child.once('exit', options.onExit);
  const pipe = child.stdio[readyFd] as Readable;
  try {
    await new Promise<void>((resolve, reject) => {
      const fail = (facts: string): void => reject(new ClaudexError(failedAs, facts));
      const timer = setInterval(() => {
        if (options.isUnderWay?.()) return;
        clearInterval(timer);
        fail(`It was not ready within ${startTimeoutMs} ms.`);
      }, startTimeoutMs);
      let text = '';
      pipe.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      child.once('error', (error) => fail(error.message));
      pipe.on('error', () => undefined); // its end comes as close
      // it closes the pipe after its word, or by ending
      pipe.once('close', () => {
        clearInterval(timer);
        const failure = readReport(text, failedAs);
        if (failure) reject(failure);
        else resolve();
      });
    });
  } finally {
    pipe.destroy();
    child.unref();
  }
}

function openErrorLog({ home, errorLog }: StartOptions): number {
  try {
    ensurePrivateDir(home);
    makeDir(dirname(errorLog));
    // each crash adds to it
    if ((statSync(errorLog, { throwIfNoEntry: false })?.size ?? 0) > maxErrorLogBytes) {
      renameSync(errorLog, `${errorLog}.1`);
    }
    return openSync(errorLog, 'a', 0o600);
  } catch (error) {
    throw asHomeError(error, home);
  }
}
