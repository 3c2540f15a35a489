/**
 * What claudex costs between the terminal and claude: throughput, keystrokes, memory and CPU, idle and scrolling, each beside no
 * relay, the least relay that Node allows, and the programs people know, as far as they are installed.
 */
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { claudexBin, repositoryRoot } from '../test/support/claudex-bin.ts';
import { childPids } from '../test/support/processes.ts';
import { startBenchHome } from './bench-home.ts';
import { type Figure, type Measurement, type MeasureOptions, median, percentile } from './figure.ts';
import { cpuMs, residentMb } from './proc.ts';
import { openRelayTerminal, type RelayTerminal } from './relay-terminal.ts';

const floor = 'least Node relay';

/** Everything that a relay loads late is loaded by then. */
const settleMs = 1500;
/** Pressed before the first that count. */
const warmUpKeys = 50;
/** Node compiles the way of a key while the first some thousand go it: they are told apart from those after it is settled. */
const settlingKeys = 3000;
const keyCount = ({ quick }: { quick: boolean }): number => (quick ? 300 : 1000);

interface Relay {
  name: string;
  /** The command line that runs the program `file` on a terminal of its own. */
  command: (file: string) => string[];
}

interface Stage {
  home: { root: string; cwd: string };
  env: Record<string, string>;
  relays: Relay[];
  programs: { stream: string; echo: string; idle: string };
}

export const measureRelay: Measurement = async (options) => {
  const { home } = await startBenchHome();
  const { CLAUDEX_CLAUDE_BIN: _, ...env } = home.env();
  const program = (name: string, script: string): string => {
    const path = join(home.root, name);
    writeFileSync(path, `#!/bin/sh\n${script}\n`);
    chmodSync(path, 0o755);
    return path;
  };
  const megabytes = options.quick ? 8 : 32;
  const stage: Stage = {
    home,
    env,
    relays: installedRelays(env.PATH!, home.root),
    programs: {
      // lines as a program prints them: some colour, no end
      stream: program(
        'stream',
        `stty raw -echo; printf ready; head -c 1 >/dev/null; yes '\x1b[32mclaudex\x1b[0m passes this line on, and the next one, and all that follow' | head -c ${megabytes}000000; printf 'the-end'; head -c 1 >/dev/null`,
      ),
      echo: program(
        'echo',
        `stty raw -echo; printf ready; exec dd bs=1 count=${settlingKeys + keyCount(options)} 2>/dev/null`,
      ),
      idle: program('idle', 'stty raw -echo; printf ready; exec cat >/dev/null'),
    },
  };
  return [
    ...(await measureThroughput(stage, megabytes, options)),
    ...(await measureKeystrokes(stage, options)),
    ...(await measureIdle(stage, options)),
  ];
};

function installedRelays(path: string, folder: string): Relay[] {
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

async function open(stage: Stage, relay: Relay, file: string): Promise<RelayTerminal> {
  const [command, ...args] = relay.command(file) as [string, ...string[]];
  const terminal = openRelayTerminal(command, args, {
    cwd: stage.home.cwd,
    env: { ...stage.env, CLAUDEX_CLAUDE_BIN: file },
  });
  await terminal.waitFor('ready');
  return terminal;
}

/** Takes turns, so that what disturbs the machine disturbs all alike; the first round of each is thrown away. */
async function inTurns(
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

async function measureThroughput(
  stage: Stage,
  megabytes: number,
  { quick, progress }: MeasureOptions,
): Promise<Figure[]> {
  const memory: number[] = [];
  /** Milliseconds of CPU of the relay itself: what a busy machine does not change. */
  const cpu = new Map<string, number[]>(stage.relays.map(({ name }) => [name, []]));
  const samples = await inTurns(stage, quick ? 2 : 5, async (relay) => {
    const terminal = await open(stage, relay, stage.programs.stream);
    // the relay, not the start: claudex loads its daemon side after claude's first output
    await sleep(settleMs);
    const end = terminal.waitFor('the-end');
    const cpuBefore = cpuMs(terminal.pid);
    const startedAt = performance.now();
    terminal.write('g');
    const rate = megabytes / (((await end) - startedAt) / 1000);
    cpu.get(relay.name)!.push((cpuMs(terminal.pid) - cpuBefore) / megabytes);
    if (relay.name === 'claudex') memory.push(residentMb(terminal.pid));
    terminal.write('g');
    await terminal.exited;
    progress(`${relay.name}: ${rate.toFixed(1)} MB/s`);
    return [rate];
  });
  const rate = (name: string): number => median(samples.get(name)!);
  const figures = stage.relays.map(
    ({ name }): Figure => ({
      measurement: 'relay',
      name: `throughput, ${name}`,
      value: rate(name),
      unit: 'MB/s',
      baseline: { name: 'directly', value: rate('directly') },
      ...(name === 'tmux' ? { note: 'draws screens, does not pass bytes on' } : {}),
    }),
  );
  const claudex = figures.at(-1)!;
  if (samples.has('script')) {
    claudex.target = {
      min: Math.min(0.98 * rate('script'), 0.9 * rate(floor)),
      name: `0.98 × script, or 0.9 × the ${floor} where that is less`,
    };
  }
  claudex.note = `×${(rate('claudex') / rate(floor)).toFixed(2)} of the ${floor}${
    samples.has('script') ? `, ×${(rate('claudex') / rate('script')).toFixed(2)} of script` : ''
  }`;
  const spent = (name: string): number => median(cpu.get(name)!);
  for (const name of ['script', 'claudex'].filter((one) => cpu.has(one))) {
    figures.push({
      measurement: 'relay',
      name: `scrolling: CPU of ${name} for a megabyte`,
      value: spent(name),
      unit: 'ms',
      baseline: { name: floor, value: spent(floor) },
    });
  }
  figures.push({
    measurement: 'relay',
    name: 'scrolling: resident memory of claudex',
    value: median(memory),
    unit: 'MB',
  });
  return figures;
}

async function measureKeystrokes(stage: Stage, { quick, progress }: MeasureOptions): Promise<Figure[]> {
  const keys = keyCount({ quick });
  const first = new Map<string, number[]>(stage.relays.map(({ name }) => [name, []]));
  // many rounds: how a process happens to lie on the cores moves its median by a fifth
  const settled = await inTurns(stage, quick ? 1 : 10, async (relay) => {
    const terminal = await open(stage, relay, stage.programs.echo);
    const times: number[] = [];
    for (let key = 0; key < settlingKeys + keys; key++) {
      const letter = String.fromCharCode(0x41 + (key % 26));
      const echo = terminal.waitFor(letter);
      const pressedAt = performance.now();
      terminal.write(letter);
      times.push(((await echo) - pressedAt) * 1000);
    }
    await terminal.exited;
    first.get(relay.name)!.push(...times.slice(warmUpKeys, warmUpKeys + keys));
    const late = times.slice(settlingKeys);
    progress(`${relay.name}: ${median(late).toFixed(0)} µs`);
    return late;
  });
  return [...keystrokeFigures(stage, '', settled), ...keystrokeFigures(stage, `, the first ${keys}`, first)];
}

function keystrokeFigures(stage: Stage, which: string, samples: Map<string, number[]>): Figure[] {
  const beside = (name: string, p: number): number => percentile(samples.get(name)!, p);
  return stage.relays.flatMap(({ name }) =>
    [50, 99].map((p): Figure => {
      const times = p === 50 ? 1 : 2;
      const isClaudex = name === 'claudex';
      return {
        measurement: 'relay',
        name: `keystroke${which}, ${name}, p${p}`,
        value: beside(name, p),
        unit: 'µs',
        baseline: { name: 'directly', value: beside('directly', p) },
        ...(isClaudex && samples.has('tmux')
          ? {
              target: {
                max: Math.max(times * beside('tmux', p), 1.1 * beside(floor, p)),
                name: `${times} × tmux, or 1.1 × the ${floor} where that is more`,
              },
            }
          : {}),
        ...(isClaudex ? { note: `×${(beside(name, p) / beside(floor, p)).toFixed(2)} of the ${floor}` } : {}),
      };
    }),
  );
}

async function measureIdle(stage: Stage, { quick, progress }: MeasureOptions): Promise<Figure[]> {
  const seconds = quick ? 5 : 20;
  const claudex = await open(stage, stage.relays.at(-1)!, stage.programs.idle);
  const least = await open(stage, stage.relays.at(-2)!, stage.programs.idle);
  // until claudex has registered with its daemon and everything it loads late is loaded
  await sleep(10_000);
  const before = { cpu: cpuMs(claudex.pid), wakeups: wakeups(claudex.pid), leastCpu: cpuMs(least.pid) };
  progress(`${seconds} idle seconds`);
  await sleep(seconds * 1000);
  const percent = (ms: number): number => ms / (seconds * 10);
  const figures: Figure[] = [
    {
      measurement: 'relay',
      name: 'idle: CPU of one core',
      value: percent(cpuMs(claudex.pid) - before.cpu),
      unit: '%',
      baseline: { name: floor, value: Math.max(0.001, percent(cpuMs(least.pid) - before.leastCpu)) },
      target: { max: 0.1 },
      note: `${seconds} s`,
    },
    {
      measurement: 'relay',
      name: 'idle: times it woke up',
      value: wakeups(claudex.pid) - before.wakeups,
      unit: 'times',
      target: { max: 0, name: 'no timers' },
      note: `main thread, ${seconds} s`,
    },
    {
      measurement: 'relay',
      name: 'idle: resident memory',
      value: residentMb(claudex.pid),
      unit: 'MB',
      baseline: { name: floor, value: residentMb(least.pid) },
      target: { max: 60 },
    },
  ];
  for (const terminal of [claudex, least]) {
    for (const child of childPids(terminal.pid)) process.kill(child, 'SIGKILL');
    await terminal.exited;
  }
  return figures;
}

/** How often the main thread has gone to sleep: each time something had woken it. */
function wakeups(pid: number): number {
  return Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
