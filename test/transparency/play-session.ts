/** Plays one random session in a terminal, directly or through claudex, and tells everything that could differ. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadTtyCalls } from '../../src/terminal/tty-calls.ts';
import { holdOpen, spawnPty } from '../support/pty-tail.ts';
import { registerProcess } from '../support/resources.ts';
import type { SessionPlan } from './session-plan.ts';

/** What a session was, seen from both sides. */
export interface PlayedSession {
  output: Buffer;
  /** What the program read. */
  input: Buffer;
  /** Its terminal's settings and size as it found them, environment, folder, sizes after each resize. */
  report: Record<string, unknown> & { environment: Record<string, string> };
  exit: { code: number } | { signal: number };
  /** The person's terminal before and after. */
  settingsBefore: string;
  settingsAfter: string;
}

const timeoutMs = 20_000;

/** `command`: what the person types, in `folder`, which also takes the files that plan and report go through. */
export async function playSession(
  plan: SessionPlan,
  command: readonly string[],
  options: { folder: string; env: Record<string, string> },
): Promise<PlayedSession> {
  const calls = loadTtyCalls();
  const paths = { plan: join(options.folder, 'plan.json'), report: join(options.folder, 'report.json') };
  writeFileSync(paths.plan, JSON.stringify(plan));
  // the terminal is made ready before the command starts: settings and size by us, then the line that `read` waits for
  const script = 'ulimit -c 0; read -r go; exec "$@"';
  const pty = spawnPty('/bin/sh', ['-c', script, 'sh', ...command], {
    name: options.env.TERM ?? 'dumb',
    cwd: options.folder,
    env: { ...options.env, PLAN: paths.plan, REPORT: paths.report },
    cols: 80,
    rows: 24,
    encoding: null,
  });
  registerProcess(pty.pid, command.join(' '));
  const tail = holdOpen(pty);
  const [cols, rows, pixelWidth, pixelHeight] = plan.size;
  const output: Buffer[] = [];
  let seen = Buffer.alloc(0);
  let step = 0;
  const person = (): void => {
    for (;;) {
      const marker = Buffer.from(`\x1b]777;step=${step}\x07`);
      const at = seen.indexOf(marker);
      if (at === -1) {
        seen = seen.subarray(Math.max(0, seen.length - marker.length));
        return;
      }
      seen = seen.subarray(at + marker.length);
      const { typed, resize } = plan.steps[step++]!;
      for (const bytes of typed ?? []) pty.write(Buffer.from(bytes, 'base64'));
      if (resize) {
        calls.writeSize(tail.slave, {
          cols: resize[0],
          rows: resize[1],
          pixelWidth: resize[2],
          pixelHeight: resize[3],
        });
      }
    }
  };
  const accept = (bytes: Buffer): void => {
    output.push(bytes);
    seen = Buffer.concat([seen, bytes]);
    person();
  };
  pty.onData((bytes) => tail.read(bytes, accept));
  let gaveUp = false;
  const ended = new Promise<PlayedSession['exit']>((resolve, reject) => {
    const timer = setTimeout(() => {
      gaveUp = true;
      process.kill(pty.pid, 'SIGKILL');
      const last = Buffer.concat(output).subarray(-500).toString('latin1');
      reject(
        new Error(
          `${command.join(' ')}: no end within ${timeoutMs} ms, at step ${step}; output ends ${JSON.stringify(last)}`,
        ),
      );
    }, timeoutMs);
    pty.onExit(({ exitCode, signal }) => {
      if (gaveUp) return;
      clearTimeout(timer);
      tail.drain(accept, () => resolve(signal ? { signal } : { code: exitCode }));
    });
  });
  try {
    calls.writeSize(tail.slave, { cols, rows, pixelWidth, pixelHeight });
    const words = plan.stty.flatMap((word) => word.split(' '));
    const set = spawnSync('stty', words, { stdio: [tail.slave, 'ignore', 'pipe'] });
    if (words.length > 0 && set.status !== 0) throw new Error(`stty ${words.join(' ')}: ${set.stderr}`);
    const settings = (): string => calls.readSettings(tail.slave)?.toString('hex') ?? '';
    const settingsBefore = settings();
    pty.write('\n');
    const exit = await ended;
    return {
      output: Buffer.concat(output),
      input: readFileSync(`${paths.report}.input`),
      report: JSON.parse(readFileSync(paths.report, 'utf8')),
      exit,
      settingsBefore,
      settingsAfter: settings(),
    };
  } finally {
    tail.close();
  }
}
