/** Wall time of short-lived processes, as whoever starts them waits for them. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { shellQuote } from '../src/claude/hooks/hook-settings.ts';
import { median } from './figure.ts';

export interface Command {
  file: string;
  args: readonly string[];
  env: Record<string, string>;
  /** This process's by default. */
  cwd?: string;
  /** Written to stdin. */
  stdin?: string;
  /** Exit code and output are checked: a command that fails quickly is no measurement. */
  expect?: (stdout: string) => boolean;
}

/** Milliseconds from the start of the process to its end, output read to the end. */
export async function timeCommand(command: Command): Promise<number> {
  const startedAt = performance.now();
  const { file, args, env, cwd } = command;
  const child = spawn(file, args, { env, cwd, stdio: ['pipe', 'pipe', 'inherit'] });
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stdin.on('error', () => undefined); // it need not read its input
  child.stdin.end(command.stdin ?? '');
  const code = await new Promise<number | null>((resolve, reject) =>
    child.once('error', reject).once('close', resolve),
  );
  const tookMs = performance.now() - startedAt;
  if (code !== 0 || command.expect?.(stdout) === false) {
    throw new Error(`${command.file} ${command.args.join(' ')}: exit ${code}, printed ${JSON.stringify(stdout)}`);
  }
  return tookMs;
}

/**
 * The same, `count` times in a row from a lean parent: forking this process (or any large one) costs milliseconds of its
 * own, which say nothing of the command. Milliseconds for one.
 */
export async function timeInBatch(command: Command, count = 10): Promise<number> {
  const words = [command.file, ...command.args].map(shellQuote).join(' ');
  const input = command.stdin === undefined ? '/dev/null' : '"$BENCH_STDIN"';
  const loop = `i=0; while [ $i -lt ${count} ]; do ${words} <${input} || exit 1; i=$((i+1)); done`;
  const folder = mkdtempSync(join(tmpdir(), 'cxt-batch-'));
  const file = join(folder, 'stdin');
  writeFileSync(file, command.stdin ?? '');
  try {
    const { stdin: _, ...rest } = command;
    const whole = { ...rest, file: '/bin/sh', args: ['-c', loop], env: { ...command.env, BENCH_STDIN: file } };
    return (await timeCommand(whole)) / count;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * The median over batches of each command, one round of all of them after the other (A B C A B C): what disturbs the machine disturbs
 * all alike. One round before the first counts is thrown away.
 */
export async function interleavedMedians<Name extends string>(
  commands: Record<Name, Command>,
  rounds: number,
): Promise<Record<Name, number>> {
  const names = Object.keys(commands) as Name[];
  const samples = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
  for (let round = -1; round < rounds; round++) {
    for (const name of names) {
      const tookMs = await timeInBatch(commands[name]);
      if (round >= 0) samples[name].push(tookMs);
    }
  }
  return Object.fromEntries(names.map((name) => [name, median(samples[name])])) as Record<Name, number>;
}
