/** What claudex adds before claude's first byte: the real claude in a terminal, directly and through claudex, in pairs. */
import { realClaudePath } from '../test/support/claude-binary.ts';
import { claudexBin } from '../test/support/claudex-bin.ts';
import { startInPty } from '../test/support/pty-driver.ts';
import { startBenchHome } from './bench-home.ts';
import { type Measurement, median } from './figure.ts';
import { timeCommand } from './timing.ts';

export const measureStartup: Measurement = async ({ quick, progress }) => {
  const { home } = await startBenchHome();
  const env = home.env();
  const direct: number[] = [];
  const through: number[] = [];
  const added: number[] = [];
  const emptyNode: number[] = [];
  for (let round = -1; round < (quick ? 5 : 20); round++) {
    const directMs = await firstByteMs(realClaudePath(), [], home.cwd, env);
    const throughMs = await firstByteMs(process.execPath, [claudexBin], home.cwd, env);
    const emptyMs = await timeCommand({ file: process.execPath, args: ['-e', '0'], env });
    if (round < 0) continue; // the first reads the files from disk
    direct.push(directMs);
    through.push(throughMs);
    added.push(throughMs - directMs);
    emptyNode.push(emptyMs);
    progress(`pair ${round + 1}: ${directMs.toFixed(0)} ms directly, ${throughMs.toFixed(0)} ms through claudex`);
  }
  const empty = median(emptyNode);
  return [
    {
      measurement: 'startup',
      name: 'claude’s first byte through claudex, p50',
      value: median(through),
      unit: 'ms',
      baseline: { name: 'claude directly', value: median(direct) },
      note: `${added.length} pairs`,
    },
    {
      measurement: 'startup',
      name: 'added by claudex, median of the pairs',
      value: median(added),
      unit: 'ms',
      baseline: { name: '`node -e 0`', value: empty },
      target: { max: empty + 40, name: '`node -e 0` + 40' },
    },
  ];
};

async function firstByteMs(file: string, args: string[], cwd: string, env: Record<string, string>): Promise<number> {
  const startedAt = performance.now();
  const driver = startInPty(file, args, { cwd, env });
  await driver.waitForOutput((output) => output.length > 0);
  const tookMs = performance.now() - startedAt;
  await driver.dispose();
  return tookMs;
}
