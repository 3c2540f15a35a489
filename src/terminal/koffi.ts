/** The C library, by koffi, whose binary comes ready-made from npm. */
import { createRequire } from 'node:module';
import { ClaudexError } from '../errors/claudex-error.ts';

export interface CFunction {
  (...args: unknown[]): number;
  /** The same on a thread of its own; the last argument is called with the result. */
  async(...args: [...unknown[], (error: unknown, result: number) => void]): void;
}

export interface CLibrary {
  func(declaration: string): CFunction;
}

/** @throws ClaudexError PTY_UNAVAILABLE (no ready-made binary for this platform, damaged install) */
export function loadCLibrary(): CLibrary {
  // the platform's own package: koffi itself is this, 2 MB of sources for platforms without a binary, and an install script
  const name = `@koromix/koffi-${process.platform}-${process.arch}`;
  try {
    return (createRequire(import.meta.url)(name) as { load(path: null): CLibrary }).load(null);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
    throw new ClaudexError('PTY_UNAVAILABLE', `${process.platform}-${process.arch}: ${reason}`, { cause });
  }
}
