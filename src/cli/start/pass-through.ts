/** Claude without a pty of ours. */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { isatty } from 'node:tty';
import { ClaudexError } from '../../errors/claudex-error.ts';
import { namedDescriptors, placeDescriptor, type Stdio } from '../../process/descriptors.ts';
import type { PtyExit } from '../../terminal/pty/spawn-pty.ts';

/** Claude with our stdio, as if we were not here; `input` is what we have read of standard input already. */
export function passThrough(
  file: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  input?: string,
): Promise<PtyExit> {
  return new Promise((resolve, reject) => {
    const stdio: Stdio = [input === undefined ? 'inherit' : 'pipe', 'inherit', 'inherit'];
    for (const fd of namedDescriptors(args)) placeDescriptor(stdio, fd, fd);
    const child = spawn(file, args, { stdio, env });
    child.stdin?.on('error', () => undefined); // claude need not read it
    child.stdin?.end(input);
    const forward = (signal: NodeJS.Signals): void => {
      child.kill(signal);
    };
    // a terminal's Ctrl-C reaches claude by itself; we only must not die of it first
    const atTerminal = [0, 1, 2].some((fd) => isatty(fd));
    const onKey = atTerminal ? (): void => undefined : forward;
    process.on('SIGTERM', forward).on('SIGHUP', forward).on('SIGINT', onKey).on('SIGQUIT', onKey);
    child.once('error', (cause) =>
      reject(new ClaudexError('CLAUDE_NOT_FOUND', `${file}: ${cause.message}.`, { cause })),
    );
    child.once('exit', (code, signal) => {
      process.off('SIGTERM', forward).off('SIGHUP', forward).off('SIGINT', onKey).off('SIGQUIT', onKey);
      resolve({ code: code ?? 0, signal: signal === null ? 0 : constants.signals[signal] });
    });
  });
}
