/**
 * The open files that whoever starts claudex hands down to it. Node keeps those up to 15 or so from its children, and not the
 * rest (libuv, uv_disable_stdio_inheritance); which is wrong for a claude that is told of one, and for what runs in the background.
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
