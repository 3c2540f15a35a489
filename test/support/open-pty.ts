/** A pty with both of its sides in this process: neither blocks. Whoever opens it closes both. */
import { loadNodePty } from '../../src/terminal/pty/load-node-pty.ts';
import { loadTtyCalls } from '../../src/terminal/tty-calls.ts';

export interface OpenPty {
  master: number;
  /** Raw: bytes pass both ways as they are. */
  slave: number;
}

export function openPty(): OpenPty {
  const { native } = loadNodePty() as unknown as { native: { open(cols: number, rows: number): OpenPty } };
  const { master, slave } = native.open(80, 24);
  const calls = loadTtyCalls();
  calls.writeSettings(slave, calls.rawSettings(calls.readSettings(slave)!));
  return { master, slave };
}
