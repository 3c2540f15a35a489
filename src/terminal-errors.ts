/** The part of the error catalogue that says why claude gets no terminal of claudex's (src/pty); the rest is in errors.ts. */
import type { ErrorEntry } from './error-catalogue.ts';

export const terminalErrors = {
  PTY_UNAVAILABLE: {
    text: 'A terminal library (node-pty or koffi) could not be loaded.',
    fix: 'install claudex again on this machine, with the Node that runs it and without --omit=optional; until then claude runs without a terminal of its own, and list, send and status work.',
    exitCode: 3,
    httpStatus: 500,
  },
  NO_PSEUDO_TERMINAL: {
    text: 'The system gave claudex no pseudo-terminal.',
    fix: 'see that /dev/ptmx and /dev/pts are there, that fewer terminals are open than kernel.pty.max allows, and that you may start more processes (ulimit -u); until then claude runs without a terminal of its own.',
    exitCode: 3,
    httpStatus: 500,
  },
} as const satisfies Record<string, ErrorEntry>;
