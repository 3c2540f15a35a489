/** Signals that reach the process around claude go to claude first. */
import type { Pty } from '../terminal/pty/spawn-pty.ts';

/** Signals that ask us to end. Claude is asked in turn; it has this long before it is killed. */
const endingSignals = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM'] as const;
const graceMs = 5000;
/** Signals that mean what the program makes of them. Without a handler they would end us with the terminal still raw. */
const passedOnSignals = ['SIGUSR1', 'SIGUSR2', 'SIGALRM'] as const;

/**
 * Forwards signals to the child; after one that asks it to end, insists when it does not go.
 * `hangUp`: the terminal has gone; true when claude need not hear of it.
 * @returns `overdue`: resolves when the grace is over; `dispose` removes the handlers
 */
export function forwardSignals(pty: Pty, hangUp?: () => boolean): { overdue: Promise<void>; dispose: () => void } {
  let timer: NodeJS.Timeout | undefined;
  let resolveOverdue: () => void;
  const overdue = new Promise<void>((resolve) => {
    resolveOverdue = resolve;
  });
  const insist = (): void => {
    pty.kill('SIGKILL');
    // what a stopped terminal does not read must not keep us
    pty.abandonOutput();
    resolveOverdue();
  };
  const handlers = [
    ...endingSignals.map((signal) => {
      const handler = (): void => {
        if (signal === 'SIGHUP' && hangUp?.()) return;
        pty.kill(signal);
        timer ??= setTimeout(insist, graceMs);
      };
      return [signal, handler] as const;
    }),
    ...passedOnSignals.map((signal) => [signal, () => pty.kill(signal)] as const),
  ];
  for (const [signal, handler] of handlers) process.on(signal, handler);
  return {
    overdue,
    dispose: () => {
      clearTimeout(timer);
      for (const [signal, handler] of handlers) process.removeListener(signal, handler);
    },
  };
}
