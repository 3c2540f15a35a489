/**
 * What claudex costs between the terminal and claude: throughput, keystrokes, start-up, memory and CPU, idle and scrolling, each
 * beside no relay, the least relay that Node allows, and the programs people know, as far as they are installed.
 */
import { startBenchHome } from './bench-home.ts';
import { type Figure, type Measurement, type MeasureOptions, median, percentile } from './figure.ts';
import { cpuMs, residentMb } from './proc.ts';
import { writeProgram } from './program.ts';
import { measureIdle, sleep } from './relay-idle.ts';
import { floor, installedRelays, inTurns, openRelay, type Stage, settleMs } from './relay-stage.ts';

/** Pressed before the first that count. */
const warmUpKeys = 50;
/** Node compiles the way of a key while the first some thousand go it: they are told apart from those after it is settled. */
const settlingKeys = 3000;
const keyCount = ({ quick }: { quick: boolean }): number => (quick ? 300 : 1000);

export const measureRelay: Measurement = async (options) => {
  const { home } = await startBenchHome();
  const { CLAUDEX_CLAUDE_BIN: _, ...env } = home.env();
  const program = (name: string, script: string): string => writeProgram(home.root, name, script);
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

async function measureThroughput(
  stage: Stage,
  megabytes: number,
  { quick, progress }: MeasureOptions,
): Promise<Figure[]> {
  const memory = new Map<string, number[]>(stage.relays.map(({ name }) => [name, []]));
  const cpuOf = (pids: readonly number[]): number => pids.reduce((sum, pid) => sum + cpuMs(pid), 0);
  /** Milliseconds of CPU of the relay itself: what a busy machine does not change. */
  const cpu = new Map<string, number[]>(stage.relays.map(({ name }) => [name, []]));
  const samples = await inTurns(stage, quick ? 2 : 5, async (relay) => {
    const { terminal, pids } = await openRelay(stage, relay, stage.programs.stream);
    // the relay, not the start: claudex loads its daemon side after claude's first output
    await sleep(settleMs);
    const end = terminal.waitFor('the-end');
    const cpuBefore = cpuOf(pids);
    const startedAt = performance.now();
    terminal.write('g');
    const rate = megabytes / (((await end) - startedAt) / 1000);
    cpu.get(relay.name)!.push((cpuOf(pids) - cpuBefore) / megabytes);
    memory.get(relay.name)!.push(pids.reduce((sum, pid) => sum + residentMb(pid), 0));
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
  for (const { name } of stage.relays.filter((relay) => relay.name !== 'directly')) {
    const beside = (samples: Map<string, number[]>): Pick<Figure, 'value' | 'baseline'> => ({
      value: median(samples.get(name)!),
      baseline: { name: floor, value: median(samples.get(floor)!) },
    });
    figures.push(
      { measurement: 'relay', name: `scrolling: CPU for a megabyte, ${name}`, unit: 'ms', ...beside(cpu) },
      { measurement: 'relay', name: `scrolling: resident memory, ${name}`, unit: 'MB', ...beside(memory) },
    );
  }
  return figures;
}

async function measureKeystrokes(stage: Stage, { quick, progress }: MeasureOptions): Promise<Figure[]> {
  const keys = keyCount({ quick });
  const starts = new Map<string, number[]>(stage.relays.map(({ name }) => [name, []]));
  const first = new Map<string, number[]>(stage.relays.map(({ name }) => [name, []]));
  // many rounds: how a process happens to lie on the cores moves its median by a fifth
  const settled = await inTurns(stage, quick ? 1 : 10, async (relay) => {
    const { terminal, startMs } = await openRelay(stage, relay, stage.programs.echo);
    starts.get(relay.name)!.push(startMs);
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
  const startUp = stage.relays.map(
    ({ name }): Figure => ({
      measurement: 'relay',
      name: `start-up, ${name}, p50`,
      value: median(starts.get(name)!),
      unit: 'ms',
      baseline: { name: 'directly', value: median(starts.get('directly')!) },
      note: 'until a program of nothing runs',
    }),
  );
  return [
    ...startUp,
    ...keystrokeFigures(stage, '', settled),
    ...keystrokeFigures(stage, `, the first ${keys}`, first),
  ];
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
