/**
 * What it costs to look at a managed session: until its screen is there, keystrokes and throughput, each beside `tmux attach` to
 * the same program.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { claudexBin, repositoryRoot } from '../test/support/claudex-bin.ts';
import { registerResource } from '../test/support/resources.ts';
import { type BenchHome, startBenchHome } from './bench-home.ts';
import { type Figure, type Measurement, type MeasureOptions, median, percentile } from './figure.ts';
import { writeProgram } from './program.ts';
import { sleep } from './relay-idle.ts';
import { settleMs } from './relay-stage.ts';
import { openRelayTerminal, type RelayTerminal } from './relay-terminal.ts';
import { timeCommand } from './timing.ts';

/** Pressed before those that count: Node compiles the way of a key meanwhile. */
const settlingKeys = 3000;
/** Most that may lie between an empty Node and the screen of the session. */
const overNodeMs = 60;

/** As many programs on the way of a key as claudex has: what Node costs there. */
const twoFloors = 'two least Node relays in a row';
const floorRelay = join(repositoryRoot, 'bench', 'floor-relay.mjs');

/** A way to look at a program that runs already. */
interface Way {
  name: 'tmux attach' | 'claudex attach' | typeof twoFloors;
  /** Starts the program on a terminal that nobody looks at; attached to, it shows `ready`. */
  run(file: string): Promise<() => RelayTerminal>;
}

export const measureAttach: Measurement = async (options) => {
  const bench = await startBenchHome();
  const { env, ways, floors } = waysOf(bench);
  const keys = options.quick ? 500 : 2000;
  const megabytes = options.quick ? 8 : 24;
  const program = (name: string, script: string): string => writeProgram(bench.home.root, name, script);
  const echo = program('echo', `stty raw -echo; printf ready; exec dd bs=1 count=${settlingKeys + keys} 2>/dev/null`);
  const stream = program(
    'stream',
    `stty raw -echo opost onlcr; printf ready; head -c 1 >/dev/null; yes '\x1b[32mclaudex\x1b[0m passes this line on, and the next one, and all that follow' | head -c ${megabytes}000000; printf 'the-end'; exec cat >/dev/null`,
  );
  const still = program('still', `stty raw -echo; seq 200; printf ready; exec cat >/dev/null`);
  return [
    ...(await measureFirstScreen(ways, still, env, options)),
    ...(await measureKeys([...ways, floors], echo, keys, options)),
    ...(await measureThroughput(ways, stream, megabytes, options)),
  ];
};

function waysOf({ home, client }: BenchHome): { env: Record<string, string>; ways: Way[]; floors: Way } {
  const env = home.env();
  let count = 0;
  const open = (command: string, args: string[]) => () => openRelayTerminal(command, args, { cwd: home.cwd, env });
  const tmux: Way = {
    name: 'tmux attach',
    run: async (file) => {
      const socket = join(home.root, `tmux-${++count}`);
      const size = ['-x', '120', '-y', '40'];
      execFileSync('tmux', ['-f', '/dev/null', '-S', socket, 'new-session', '-d', ...size, file], { env });
      registerResource({ label: socket, dispose: () => endServer(socket, env) });
      await sleep(settleMs);
      return open('tmux', ['-S', socket, 'attach']);
    },
  };
  const claudex: Way = {
    name: 'claudex attach',
    run: async (file) => {
      const { id } = await client.startManaged({
        cwd: home.cwd,
        name: `bench-${++count}`,
        args: [],
        env: { ...env, CLAUDEX_CLAUDE_BIN: file },
        claudeSessionId: null,
        keepWarm: true,
        restart: 'never',
      });
      await sleep(settleMs);
      return open(process.execPath, [claudexBin, 'attach', id]);
    },
  };
  const hasTmux = env.PATH!.split(delimiter).some((folder) => existsSync(join(folder, 'tmux')));
  const floors: Way = {
    name: twoFloors,
    run: async (file) => open(process.execPath, [floorRelay, process.execPath, floorRelay, file]),
  };
  return { env, ways: hasTmux ? [tmux, claudex] : [claudex], floors };
}

/** A program that goes on keeps its server, whoever was attached. */
function endServer(socket: string, env: Record<string, string>): void {
  spawnSync('tmux', ['-S', socket, 'kill-server'], { env, stdio: 'ignore' });
}

async function measureFirstScreen(
  ways: Way[],
  file: string,
  env: Record<string, string>,
  { quick, progress }: MeasureOptions,
): Promise<Figure[]> {
  const running = await Promise.all(ways.map(async (way) => ({ name: way.name, attach: await way.run(file) })));
  const samples = new Map<string, number[]>();
  const take = (name: string, ms: number, round: number): void => {
    if (round >= 0) samples.set(name, [...(samples.get(name) ?? []), ms]);
  };
  for (let round = -1; round < (quick ? 5 : 25); round++) {
    take('node', await timeCommand({ file: process.execPath, args: ['-e', '0'], env }), round);
    for (const { name, attach } of running) {
      const startedAt = performance.now();
      const terminal = attach();
      take(name, (await terminal.waitFor('ready')) - startedAt, round);
      terminal.kill();
      await terminal.exited;
    }
  }
  const node = median(samples.get('node')!);
  progress(`first screen: ${[...samples].map(([name, all]) => `${name} ${median(all).toFixed(0)} ms`).join(', ')}`);
  return ways.map(
    ({ name }): Figure => ({
      measurement: 'attach',
      name: `first full screen, ${name}, p50`,
      value: median(samples.get(name)!),
      unit: 'ms',
      baseline: { name: '`node -e 0`', value: node },
      ...(name === 'claudex attach' ? { target: { max: node + overNodeMs, name: '`node -e 0` + 60' } } : {}),
    }),
  );
}

/** Rounds of all ways after one another; each runs the program anew. */
async function inTurns(
  ways: Way[],
  file: string,
  rounds: number,
  measure: (name: string, terminal: RelayTerminal) => Promise<number[]>,
): Promise<Map<string, number[]>> {
  const samples = new Map<string, number[]>(ways.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const way of ways) {
      const attach = await way.run(file);
      const terminal = attach();
      await terminal.waitFor('ready');
      samples.get(way.name)!.push(...(await measure(way.name, terminal)));
      terminal.kill();
      await terminal.exited;
    }
  }
  return samples;
}

async function measureKeys(ways: Way[], file: string, keys: number, options: MeasureOptions): Promise<Figure[]> {
  const samples = await inTurns(ways, file, options.quick ? 1 : 5, async (name, terminal) => {
    const times: number[] = [];
    // the last key ends the program, and tmux its session
    for (let key = 0; key < settlingKeys + keys - 1; key++) {
      const letter = String.fromCharCode(0x41 + (key % 26));
      const echo = terminal.waitFor(letter);
      const pressedAt = performance.now();
      terminal.write(letter);
      times.push(((await echo) - pressedAt) * 1000);
    }
    const late = times.slice(settlingKeys);
    options.progress(`${name}: ${median(late).toFixed(0)} µs`);
    return late;
  });
  return ways.flatMap(({ name }) =>
    [50, 99].map((p): Figure => {
      const tmux = percentile(samples.get('tmux attach') ?? [], p);
      const times = p === 50 ? 1 : 2;
      const overNode = percentile(samples.get(name)!, p) / percentile(samples.get(twoFloors)!, p);
      return {
        measurement: 'attach',
        name: `keystroke, ${name}, p${p}`,
        value: percentile(samples.get(name)!, p),
        unit: 'µs',
        ...(name === 'claudex attach' && samples.has('tmux attach')
          ? { baseline: { name: 'tmux attach', value: tmux }, target: { max: times * tmux, name: `${times} × tmux` } }
          : {}),
        ...(name === 'claudex attach' && { note: `×${overNode.toFixed(2)} of ${twoFloors}` }),
      };
    }),
  );
}

async function measureThroughput(
  ways: Way[],
  file: string,
  megabytes: number,
  options: MeasureOptions,
): Promise<Figure[]> {
  const samples = await inTurns(ways, file, options.quick ? 2 : 5, async (name, terminal) => {
    const end = terminal.waitFor('the-end');
    const startedAt = performance.now();
    terminal.write('g');
    const rate = megabytes / (((await end) - startedAt) / 1000);
    options.progress(`${name}: ${rate.toFixed(1)} MB/s`);
    return [rate];
  });
  const tmux = median(samples.get('tmux attach') ?? []);
  return ways.map(
    ({ name }): Figure => ({
      measurement: 'attach',
      name: `throughput attached, ${name}`,
      value: median(samples.get(name)!),
      unit: 'MB/s',
      ...(name === 'claudex attach' && ways.length > 1
        ? { baseline: { name: 'tmux attach', value: tmux }, target: { min: tmux, name: 'tmux' } }
        : {}),
      ...(name === 'tmux attach' ? { note: 'draws screens, does not pass bytes on' } : {}),
    }),
  );
}
