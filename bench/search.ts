/** Searching a gigabyte of transcripts, beside ripgrep on the same files; and the end of one transcript of half a gigabyte. */
import { spawn, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { claudexBin, repositoryRoot } from '../test/support/claudex-bin.ts';
import { seededRandom } from '../test/support/seeded-random.ts';
import { startBenchHome } from './bench-home.ts';
import { type Figure, type Measurement, median } from './figure.ts';
import { peakResidentMb } from './proc.ts';

/** Stands in the prompts of a few transcripts, some way in. */
const needle = 'zebrafish';

export const measureSearch: Measurement = async ({ quick, progress }) => {
  const { home } = await startBenchHome();
  const folder = join(home.home, '.claude', 'projects', '-work-bench');
  mkdirSync(folder, { recursive: true });
  const [files, fileBytes] = quick ? [40, 5_000_000] : [200, 5_000_000];
  for (let file = 0; file < files; file++) writeTranscript(folder, fileBytes, file % 40 === 39);
  progress(`${files} transcripts, ${(files * fileBytes) / 1e6} MB written`);
  const env = home.env();
  const search = (...args: string[]): Command => ({
    file: process.execPath,
    args: [claudexBin, 'search', '--all', '--no-pager', ...args],
    env,
  });
  const commands: Record<string, Command> = {
    words: search(needle),
    anyCase: search('-i', needle.toUpperCase()),
    pattern: search('-E', `${needle.slice(0, 5)}\\w+`),
    ...(hasRipgrep(env) && { rg: { file: 'rg', args: ['-n', needle, folder], env } }),
  };
  const samples: Record<string, Sample[]> = Object.fromEntries(Object.keys(commands).map((name) => [name, []]));
  for (let round = -1; round < (quick ? 3 : 5); round++) {
    for (const [name, command] of Object.entries(commands)) {
      const sample = await measure(command);
      if (round >= 0) samples[name]!.push(sample);
      progress(`${name}: first after ${sample.firstMs.toFixed(0)} ms, all after ${sample.allMs.toFixed(0)} ms`);
    }
  }
  const long = writeTranscript(folder, quick ? 100_000_000 : 500_000_000, false);
  const history = { ...search(), args: [claudexBin, 'history', '--no-pager', long] };
  const last = [await measure(history), await measure(history), await measure(history)];

  const of = (name: string, pick: (sample: Sample) => number): number => median(samples[name]!.map(pick));
  const rg = samples.rg && of('rg', (sample) => sample.allMs);
  const megabytes = `${(files * fileBytes) / 1e6} MB in ${files} files`;
  const figure = (name: string, value: number, unit: string, more: Partial<Figure> = {}): Figure => ({
    measurement: 'search',
    name,
    value,
    unit,
    ...more,
  });
  const beside = rg === undefined ? { note: 'rg is not installed' } : { baseline: { name: '`rg -n`', value: rg } };
  const target = rg !== undefined && { target: { max: 3 * rg, name: '`rg` × 3' } };
  const all = (name: string): number => of(name, (sample) => sample.allMs);
  return [
    figure(
      'words: first hit, p50',
      of('words', (sample) => sample.firstMs),
      'ms',
      { target: { max: 1000 }, note: megabytes },
    ),
    figure('words: the whole command, p50', all('words'), 'ms', { ...beside, ...target }),
    figure('any case: the whole command, p50', all('anyCase'), 'ms', beside),
    figure('pattern: the whole command, p50', all('pattern'), 'ms', beside),
    figure('words: memory, at most', Math.max(...samples.words!.map((one) => one.peakMb)), 'MB', {
      target: { max: 150 },
    }),
    figure('`history` of one long conversation, p50', median(last.map((one) => one.allMs)), 'ms', {
      note: quick ? '100 MB' : '500 MB',
    }),
    figure('`history` of one long conversation: memory', Math.max(...last.map((one) => one.peakMb)), 'MB', {
      target: { max: 150 },
    }),
  ];
};

interface Command {
  file: string;
  args: string[];
  env: Record<string, string>;
}

interface Sample {
  firstMs: number;
  allMs: number;
  peakMb: number;
}

async function measure({ file, args, env }: Command): Promise<Sample> {
  const startedAt = performance.now();
  const child = spawn(file, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  let firstMs = Number.NaN;
  let peakMb = 0;
  const look = (): void => {
    peakMb = Math.max(peakMb, peakResidentMb(child.pid!));
  };
  const timer = setInterval(look, 10);
  child.stdout.on('data', () => {
    if (Number.isNaN(firstMs)) firstMs = performance.now() - startedAt;
    look();
  });
  const code = await new Promise<number | null>((resolve, reject) =>
    child.once('error', reject).once('close', resolve),
  );
  clearInterval(timer);
  if (code !== 0 || Number.isNaN(firstMs)) throw new Error(`${file} ${args.join(' ')}: exit ${code}`);
  return { firstMs, allMs: performance.now() - startedAt, peakMb };
}

function hasRipgrep(env: Record<string, string>): boolean {
  return spawnSync('rg', ['--version'], { env }).status === 0;
}

const words = 'the quick brown fox and then a check of what fails in code with an error where it runs over'.split(' ');

/** The records of a real conversation with 2.1.330, with ids and words of their own; `extra` stands in every prompt. */
function conversation(random: () => number, extra: string): string {
  const lines = readFileSync(fixture, 'utf8').trimEnd().split('\n');
  const sentence = (): string =>
    Array.from({ length: 200 }, () => words[Math.floor(random() * words.length)]).join(' ');
  const renewed = lines.map((line) => {
    const record = JSON.parse(line) as Record<string, unknown>;
    const message = record.message as { content?: unknown } | undefined;
    const isPrompt = record.type === 'user' && typeof message?.content === 'string';
    if (record.uuid !== undefined) record.uuid = randomUUID();
    if (isPrompt) record.message = { ...message, content: `${message!.content} ${sentence()}${extra}` };
    return `${JSON.stringify(record)}\n`;
  });
  return renewed.join('');
}

const fixture = join(repositoryRoot, 'test', 'fixtures', 'transcripts', '2.1.330', 'conversation.jsonl');
const random = seededRandom(7);
const parts = Array.from({ length: 20 }, () => Buffer.from(conversation(random, '')));

/** A transcript of about that size. @returns its session id */
function writeTranscript(folder: string, bytes: number, withNeedle: boolean): string {
  const sessionId = randomUUID();
  const fd = openSync(join(folder, `${sessionId}.jsonl`), 'w');
  try {
    let isFound = false;
    for (let written = 0; written < bytes; ) {
      const isMiddle: boolean = withNeedle && !isFound && written > bytes / 2;
      isFound ||= isMiddle;
      const part = isMiddle
        ? Buffer.from(conversation(random, ` ${needle}`))
        : parts[Math.floor(random() * parts.length)]!;
      written += writeSync(fd, part);
    }
  } finally {
    closeSync(fd);
  }
  return sessionId;
}
