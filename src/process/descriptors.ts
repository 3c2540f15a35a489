/**
 * Open files that claudex inherits from whoever starts it. In a child libuv closes only the first 16 or so of them
 * (uv_disable_stdio_inheritance); higher ones leak into the child. Both are wrong in places: claude needs a descriptor that its
 * arguments name, and a background process must hold none.
 */
import { fstatSync } from 'node:fs';

/** `stdio` of a process to be started, by descriptor. */
export type Stdio = Array<number | 'ignore' | 'inherit' | 'pipe'>;

/** Those that arguments name, as far as they are open: a shell's `<(…)` is a word like `/dev/fd/63`. */
export function namedDescriptors(args: readonly string[]): number[] {
  return args.flatMap((word) => {
    const match = /(?:^|=)\/(?:dev|proc\/self)\/fd\/(\d{1,6})$/.exec(word);
    const fd = Number(match?.[1] ?? 0);
    return fd > 2 && isOpen(fd) ? [fd] : [];
  });
}

/** Puts `what` at that place, which need not be the next one. */
export function placeDescriptor(stdio: Stdio, fd: number, what: Stdio[number]): void {
  while (stdio.length < fd) stdio.push('ignore');
  stdio[fd] = what;
}

/** False where there is no such open file. */
export function isOpen(fd: number): boolean {
  try {
    fstatSync(fd);
    return true;
  } catch {
    return false; // EBADF
  }
}
