/** The relays that are compared, and a terminal with one of them in it. */
import { existsSync, readlinkSync } from 'node:fs';
import { basename, delimiter, join } from 'node:path';
import { claudexBin, repositoryRoot } from '../test/support/claudex-bin.ts';
import { processesWithEnvironment } from '../test/support/processes.ts';
import { openRelayTerminal, type RelayTerminal } from './relay-terminal.ts';

/** What is compared with claudex as what Node allows. */
export const floor = 'least Node relay';

/** Everything that a relay loads late is loaded by then. */
export const settleMs = 1500;

export interface Relay {
  name: string;
  /** The command line that runs the program `file` on a terminal of its own. */
  command: (file: string) => string[];
}

export interface Stage {
  home: { root: string; cwd: string };
  env: Record<string, string>;
  relays: Relay[];
  programs: { stream: string; echo: string; idle: string };
}

export interface OpenRelay {
  terminal: RelayTerminal;
  /** Milliseconds until the program in it ran. */
  startMs: number;
  /** The relay's own processes, without the program in it: tmux and dtach are two. */
  pids: number[];
}

export function installedRelays(path: string, folder: string): Relay[] {
  const installed = (name: string): boolean => path.split(delimiter).some((dir) => existsSync(join(dir, name)));
  let count = 0;
  const socket = (): string => join(folder, `relay-${++count}`);
  const known: Relay[] = [
    { name: 'script', command: (file) => ['script', '-qec', file, '/dev/null'] },
    { name: 'tmux', command: (file) => ['tmux', '-f', '/dev/null', '-S', socket(), 'new-session', file] },
    { name: 'dtach', command: (file) => ['dtach', '-c', socket(), '-r', 'none', file] },
    { name: 'abduco', command: (file) => ['abduco', '-c', socket(), file] },
  ];
  return [
    { name: 'directly', command: (file) => [file] },
    ...known.filter(({ name }) => installed(name)),
    { name: floor, command: (file) => [process.execPath, join(repositoryRoot, 'bench', 'floor-relay.mjs'), file] },
    { name: 'claudex', command: () => [process.execPath, claudexBin] },
  ];
}

let opened = 0;

export async function openRelay(stage: Stage, relay: Relay, file: string): Promise<OpenRelay> {
  const [command, ...args] = relay.command(file) as [string, ...string[]];
  const mark = `${process.pid}-${++opened}-relay`;
  const startedAt = performance.now();
  const terminal = openRelayTerminal(command, args, {
    cwd: stage.home.cwd,
    env: { ...stage.env, CLAUDEX_CLAUDE_BIN: file, CLAUDEX_BENCH_RELAY: mark },
  });
  const startMs = (await terminal.waitFor('ready')) - startedAt;
  const isNode = relay.name === 'claudex' || relay.name === floor;
  // of Node's only the relay itself: the daemon that claudex has started is not one session's
  const pids = isNode ? [terminal.pid] : processesWithEnvironment([mark]).filter((pid) => isProgram(pid, relay.name));
  return { terminal, startMs, pids };
}

function isProgram(pid: number, name: string): boolean {
  try {
    return basename(readlinkSync(`/proc/${pid}/exe`)) === name;
  } catch {
    return false; // it has ended
  }
}

/** Takes turns, so that what disturbs the machine disturbs all alike; the first round of each is thrown away. */
export async function inTurns(
  stage: Stage,
  rounds: number,
  measure: (relay: Relay) => Promise<number[]>,
): Promise<Map<string, number[]>> {
  const samples = new Map<string, number[]>(stage.relays.map(({ name }) => [name, []]));
  for (let round = -1; round < rounds; round++) {
    for (const relay of stage.relays) {
      const measured = await measure(relay);
      if (round >= 0) samples.get(relay.name)!.push(...measured);
    }
  }
  return samples;
}
