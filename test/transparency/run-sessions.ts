/** Random sessions in pairs, some at a time: each once directly and once through claudex. */
import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { claudexBin, fixture } from '../support/claudex-bin.ts';
import { compareSessions } from './compare-sessions.ts';
import { playSession } from './play-session.ts';
import { sessionPlan } from './session-plan.ts';

const atATime = 4;

export interface SessionDifference {
  seed: number;
  differences: string[];
}

/**
 * Runs the sessions of seeds `firstSeed` to `firstSeed + count - 1`. Everything lives in a temporary folder that is gone at the
 * end; `runThrough` replaces claudex, to show that a difference is seen. `inside` starts both in a terminal program, given a
 * shell command and the stand-in for claude that it leads to.
 */
export async function runSessions(options: {
  firstSeed: number;
  count: number;
  runThrough?: (fixturePath: string) => string[];
  inside?: (command: string, claude: string) => string[];
  onSession?: (seed: number) => void;
}): Promise<SessionDifference[]> {
  const root = mkdtempSync('/tmp/cxt-');
  const found: SessionDifference[] = [];
  try {
    const claude = join(root, 'claude');
    writeFileSync(claude, `#!/bin/sh\nexec '${process.execPath}' '${fixture('random-session.mjs')}'\n`);
    chmodSync(claude, 0o755);
    // a home that is a file: sessions this short would each leave a daemon behind
    const home = join(root, 'a-file');
    writeFileSync(home, '');
    const env = {
      PATH: [join(process.execPath, '..'), '/usr/local/bin', '/usr/bin', '/bin'].join(':'),
      HOME: root,
      TERM: 'xterm-256color',
      LANG: 'C.UTF-8',
      TMUX: '/tmp/none,1,0',
      COLUMNS: '77',
      CLAUDEX_HOME: home,
      CLAUDEX_CLAUDE_BIN: claude,
    };
    const { inside } = options;
    const directly = inside?.(`'${claude}'`, claude) ?? [claude];
    const through = options.runThrough?.(claude) ??
      inside?.(`'${process.execPath}' '${claudexBin}'`, claude) ?? [process.execPath, claudexBin];
    let next = options.firstSeed;
    const worker = async (): Promise<void> => {
      for (let seed = next++; seed < options.firstSeed + options.count; seed = next++) {
        const random = sessionPlan(seed);
        // a shell in between would tell of a death by signal, in the middle of what is compared
        const plan = inside && 'signal' in random.end ? { ...random, end: { code: 0 } } : random;
        const play = (name: string, command: string[]) => {
          const folder = join(root, `${seed}`, name);
          mkdirSync(folder, { recursive: true });
          return playSession(plan, command, { folder, env: { ...env, PWD: folder } });
        };
        // the same folder name for both: it is in what the program reports
        let differences: string[];
        try {
          const direct = await play('s', directly);
          differences = compareSessions(direct, await play('s', through));
        } catch (error) {
          differences = [error instanceof Error ? error.message : String(error)];
        }
        await rm(join(root, `${seed}`), { recursive: true });
        if (differences.length > 0) found.push({ seed, differences });
        options.onSession?.(seed);
      }
    };
    await Promise.all(Array.from({ length: atATime }, worker));
  } finally {
    await rm(root, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  }
  return found.sort((one, other) => one.seed - other.seed);
}
