/**
 * What claudex adds before claude's first byte: the real claude in a terminal, directly and through claudex, in pairs. Once
 * as first tried (not installed: this launch carries our hooks in `--settings`), once installed (claude's own settings do).
 */
import { realClaudePath } from '../test/support/claude-binary.ts';
import { runClaudex } from '../test/support/claudex.ts';
import { claudexBin } from '../test/support/claudex-bin.ts';
import type { HermeticHome } from '../test/support/hermetic-home.ts';
import { startInPty } from '../test/support/pty-driver.ts';
import { startBenchHome } from './bench-home.ts';
import { type Figure, type Measurement, median } from './figure.ts';
import { timeCommand } from './timing.ts';

export const measureStartup: Measurement = async ({ quick, progress }) => {
  const { home } = await startBenchHome();
  const rounds = quick ? 5 : 20;
  const asTried = await measurePairs(home, rounds, (text) => progress(`not installed, ${text}`));
  const installed = await runClaudex(['install'], { env: home.env(), cwd: home.cwd });
  if (installed.code !== 0) throw new Error(`claudex install: ${installed.stderr}`);
  const asInstalled = await measurePairs(home, rounds, (text) => progress(`installed, ${text}`));
  return [...figures('not installed', asTried), ...figures('installed', asInstalled)];
};

interface Pairs {
  direct: number[];
  withSettings: number[];
  through: number[];
  emptyNode: number[];
}

async function measurePairs(home: HermeticHome, rounds: number, progress: (text: string) => void): Promise<Pairs> {
  const env = home.env();
  const pairs: Pairs = { direct: [], withSettings: [], through: [], emptyNode: [] };
  for (let round = -1; round < rounds; round++) {
    const direct = await firstByteMs(realClaudePath(), [], home.cwd, env);
    const through = await firstByteMs(process.execPath, [claudexBin], home.cwd, env);
    const withSettings = await firstByteMs(realClaudePath(), ['--settings', '{}'], home.cwd, env);
    const emptyNode = await timeCommand({ file: process.execPath, args: ['-e', '0'], env });
    if (round < 0) continue; // the first reads the files from disk
    pairs.direct.push(direct);
    pairs.through.push(through);
    pairs.withSettings.push(withSettings);
    pairs.emptyNode.push(emptyNode);
    progress(`pair ${round + 1}: ${direct.toFixed(0)} ms directly, ${through.toFixed(0)} ms through claudex`);
  }
  return pairs;
}

function figures(what: string, { direct, withSettings, through, emptyNode }: Pairs): Figure[] {
  const added = median(through.map((ms, index) => ms - direct[index]!));
  const empty = median(emptyNode);
  const figure = (name: string, value: number, more: Partial<Figure> = {}): Figure => ({
    measurement: 'startup',
    name: `${what}: ${name}`,
    value,
    unit: 'ms',
    ...more,
  });
  return [
    figure('claude’s first byte through claudex, p50', median(through), {
      baseline: { name: 'claude directly', value: median(direct) },
      note: `${direct.length} pairs`,
    }),
    figure('added by claudex, median of the pairs', added, {
      baseline: { name: '`node -e 0`', value: empty },
      target: { max: empty + 40, name: '`node -e 0` + 40' },
    }),
    figure('claude given an empty `--settings`, added', median(withSettings.map((ms, index) => ms - direct[index]!)), {
      note: 'claude’s own',
    }),
  ];
}

async function firstByteMs(file: string, args: string[], cwd: string, env: Record<string, string>): Promise<number> {
  const startedAt = performance.now();
  const driver = startInPty(file, args, { cwd, env });
  await driver.waitForOutput((output) => output.length > 0);
  const tookMs = performance.now() - startedAt;
  await driver.dispose();
  return tookMs;
}
