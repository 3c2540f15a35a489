/**
 * Gives claude, terminal and all, to a host: claude does not notice. The host is started and made ready while the session goes on;
 * only then we stop reading and writing, tell it everything that we know, and it goes on from the next byte. Loaded when it is asked for.
 */

import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { startBackground } from '../background/start.ts';
import { environmentForClaude } from '../claude/environment.ts';
import { ClaudexError } from '../errors/claudex-error.ts';
import { claudexPaths, hostPaths } from '../home/paths.ts';
import { ensurePrivateDir } from '../home/private-folder.ts';
import { processStartTime } from '../process/identity.ts';
import type { HandOver } from '../protocol/hand-over.ts';
import type { ClaudeOnPty } from '../runner/claude-on-pty.ts';
import type { LocalTty } from '../terminal/local-tty.ts';
import type { OutputRelay } from './output-relay.ts';

/** Where the host finds the two ends of the terminal, and the pipe on which it is told everything. */
const places = { master: 4, slave: 5, pipe: 6 } as const;
/** A message that is being typed then is waited for. */
const laneTakesMs = 10_000;
/** The list of sessions shows it as soon as we have ended; a daemon that is away does not keep us longer. */
const registersWithinMs = 3000;

export interface HandOverOptions {
  id: string;
  claude: ClaudeOnPty;
  tty: LocalTty;
  relay: OutputRelay;
  cwd: string;
  /** The person's own arguments for claude. */
  ownArgs: readonly string[];
  ownEnv: NodeJS.ProcessEnv;
  /** Do the others who look at it stay? */
  viewersStay: boolean;
}

/**
 * Resolves when the host has it, and nothing here reads or writes any more.
 * @throws ClaudexError HOST_START_FAILED, HANDOVER_BUSY, HOME_UNWRITABLE; the session then goes on here as before
 */
export async function handOver(options: HandOverOptions): Promise<void> {
  const { id, claude, tty, ownEnv } = options;
  const { pty } = claude;
  const { home, hosts } = claudexPaths(ownEnv);
  ensurePrivateDir(home);
  ensurePrivateDir(hosts);
  let unfreeze: (() => void) | undefined;
  let giving: Promise<void> | undefined;
  let endHost = (): void => undefined;
  let registered: Promise<unknown> = Promise.resolve();
  try {
    await startBackground({
      words: ['daemon', 'adopt', id],
      nodeOptions: ['--max-semi-space-size=2'],
      home,
      cwd: process.cwd(),
      env: ownEnv,
      errorLog: hostPaths(id, ownEnv).log,
      failedAs: 'HOST_START_FAILED',
      descriptors: [
        [places.master, pty.ends.master],
        [places.slave, pty.ends.slave],
        [places.pipe, 'pipe'],
      ],
      onSpawn: (child) => {
        endHost = () => void child.kill('SIGKILL');
        const pipe = (child.stdio as unknown as Duplex[])[places.pipe]!;
        pipe.on('error', () => undefined); // it has ended: said by the other pipe
        let isTold = false;
        registered = new Promise((resolve) => {
          pipe.on('data', () => {
            // its first word: it is there. Its second: the daemon knows.
            if (isTold) return resolve(undefined);
            isTold = true;
            giving = freeze().then((text) => void pipe.write(`${text}\n`));
            giving.catch(() => child.kill('SIGKILL'));
          });
          pipe.once('close', resolve);
        });
      },
    });
    await giving;
  } catch (error) {
    endHost();
    unfreeze?.();
    // why it was ended, where it was us
    await giving;
    throw error;
  }
  claude.close();
  await Promise.race([registered, delay(registersWithinMs)]);

  /** @returns all that the host must know */
  async function freeze(): Promise<string> {
    const isFree = await Promise.race([claude.whenNobodyTypes(), delay(laneTakesMs, 'busy' as const)]);
    const startTime = processStartTime(pty.pid);
    if (startTime === undefined) throw new ClaudexError('HOST_START_FAILED', 'Claude has just ended.');
    if (isFree === 'busy') throw new ClaudexError('HANDOVER_BUSY');
    // in this turn of the event loop: whoever reads or types from here on is the host
    tty.pauseInput();
    pty.freeze();
    const drawn = await options.relay.stopSharing(options.viewersStay ? 'moved' : 'detached');
    const unwritten = pty.takeUnwritten();
    unfreeze = () => {
      pty.thaw(unwritten);
      tty.resumeInput();
      options.relay.resized();
    };
    const { size, events } = claude.ring.snapshot();
    const given: HandOver = {
      version: 1,
      id,
      cwd: options.cwd,
      args: [...options.ownArgs],
      env: environmentForClaude(ownEnv),
      claude: { pid: pty.pid, startTime },
      launchedBy: process.pid,
      screen: { size, events: events.map((event) => (Buffer.isBuffer(event) ? event.toString('base64') : event)) },
      isWhole: claude.ring.isWhole || drawn !== undefined,
      drawn: drawn?.toString('base64') ?? null,
      modes: tty.modes.state(),
      unwritten: unwritten.toString('base64'),
    };
    return JSON.stringify(given);
  }
}
