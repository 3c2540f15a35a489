/** The other machine that a command was sent to with `--host`. Set once, before the command runs; nobody else sets it. */
import type { Duplex } from 'node:stream';
import type { Turn } from '../claude/transcript/turn.ts';
import type { ViewerHello } from '../protocol/frames.ts';
import type { DaemonClient } from './client.ts';

/** What commands need of another machine. */
export interface Elsewhere {
  /** As it was asked for. */
  name: string;
  client: DaemonClient;
  /** Speaks in frames, as a host does. */
  connectViewer(id: string, hello: Omit<ViewerHello, 'protocol'>): Promise<Duplex>;
  screen(id: string, of: { lines?: number; ansi: boolean }): Promise<string>;
  detachAll(id: string): Promise<void>;
  turns(target: string, of: { last: number; raw: boolean }): Promise<Turn[]>;
  turn(target: string, number: number, raw: boolean): Promise<Turn>;
  search(query: FarQuery): Promise<{ hits: unknown[] }>;
  health(): Promise<FarHealth>;
}

export interface FarQuery {
  text: string;
  isRegex: boolean;
  ignoreCase: boolean;
  session: string | undefined;
  context: number;
  max: number;
}

/** What the other machine's server says of itself. */
export interface FarHealth {
  status: string;
  version: string;
  uptimeMs: number;
  sessions: number;
  memoryBytes: number;
  clients: number;
}

let machine: Elsewhere | undefined;

/** From now on everything that this process asks a daemon goes there. */
export function goElsewhere(there: Elsewhere): void {
  machine = there;
}

/** Undefined for a command that is about this machine. */
export function elsewhere(): Elsewhere | undefined {
  return machine;
}
