/** Loads node-pty's native code, and says in words when it cannot be had. */
import { accessSync, chmodSync, constants } from 'node:fs';
import { createRequire } from 'node:module';
import { ClaudexError } from '../../errors/claudex-error.ts';

/**
 * The native half of node-pty 1.1. Its JavaScript half is left out: it loses the tail of a burst, adds TERM and PWD to the
 * environment, and costs 3 ms of claude's start (docs/claude-facts.md#terminals-and-node-pty). `fork` is not public: the version is pinned exactly,
 * and every session in the tests goes through it.
 */
export interface NativePty {
  fork(
    file: string,
    args: string[],
    env: string[],
    cwd: string,
    cols: number,
    rows: number,
    /** -1: ours. */
    uid: number,
    gid: number,
    utf8: boolean,
    helperPath: string,
    onExit: (code: number, signal: number) => void,
  ): { fd: number; pid: number; pty: string };
}

export interface LoadedPty {
  native: NativePty;
  /** The program that node-pty starts on macOS to start ours; unused on Linux. */
  helperPath: string;
}

/** @throws ClaudexError PTY_UNAVAILABLE (no prebuilt binary for this platform, musl, wrong architecture, damaged install) */
export function loadNodePty(): LoadedPty {
  const binaries = `@lydell/node-pty-${process.platform}-${process.arch}`;
  try {
    const ofNodePty = createRequire(createRequire(import.meta.url).resolve('node-pty'));
    const native = ofNodePty(`${binaries}/pty.node`) as NativePty;
    if (process.platform !== 'darwin') return { native, helperPath: '' };
    const helperPath = ofNodePty.resolve(`${binaries}/spawn-helper`);
    makeExecutable(helperPath);
    return { native, helperPath };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
    throw new ClaudexError('PTY_UNAVAILABLE', `${process.platform}-${process.arch}: ${reason}`, { cause });
  }
}

/** The helper may have been unpacked without its x bit, and then no session could be started. */
export function makeExecutable(path: string): void {
  try {
    accessSync(path, constants.X_OK);
  } catch {
    // expected: the bit is missing; a helper that is not ours to mend is told as it is
    chmodSync(path, 0o755);
  }
}
