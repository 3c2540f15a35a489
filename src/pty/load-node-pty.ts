/** Loads node-pty's native code, and says in words when it cannot be had. */
import { createRequire } from 'node:module';
import { ClaudexError } from '../errors.ts';

/** What we use of node-pty (its own types are declared for another package name). `encoding: null` gives Buffers. */
export interface NodePty {
  spawn(
    file: string,
    args: string[],
    options: { cwd: string; env: Record<string, string>; name: string; cols: number; rows: number; encoding: null },
  ): NodePtyProcess;
}

export interface NodePtyProcess {
  readonly pid: number;
  onData(listener: (bytes: Buffer) => void): void;
  onExit(listener: (exit: { exitCode: number; signal?: number }) => void): void;
  resize(cols: number, rows: number): void;
  pause(): void;
  resume(): void;
}

/** @throws ClaudexError PTY_UNAVAILABLE (no prebuilt binary for this platform, musl, damaged install) */
export function loadNodePty(): NodePty {
  try {
    return createRequire(import.meta.url)('node-pty') as NodePty;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
    throw new ClaudexError('PTY_UNAVAILABLE', `${process.platform}-${process.arch}: ${reason}`, { cause });
  }
}
