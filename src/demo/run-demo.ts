/**
 * `claudex demo`: the main job shown in under a minute, on a machine with no account and no network. Touches no user
 * file, and leaves nothing behind however it ends.
 */
import { rmSync } from 'node:fs';
import { constants } from 'node:os';
import { ClaudexError } from '../errors/claudex-error.ts';
import { Narrator, noColours, type Palette } from './narrator.ts';
import { modelScript, play, showWreck } from './play.ts';
import { Stage } from './stage.ts';

/** The whole of it; claude itself needs about two seconds. */
const timeLimitMs = 50_000;

export interface DemoOptions {
  /** Colours to speak in; none by default. */
  palette?: Palette;
  /** Do not look for a claude, run the stand-in. */
  standIn?: boolean;
}

/** @returns the exit code: 0 when the task was answered, 128+n when a signal ended it, else 1 */
export async function runDemo(options: DemoOptions = {}): Promise<number> {
  const tell = new Narrator(options.palette ?? noColours, (text) => process.stdout.write(text));
  const interrupted = onSignal();
  let stage: Stage | undefined;
  const removeOnExit = (): void => {
    if (stage) rmSync(stage.home.root, { recursive: true, force: true });
  };
  process.once('exit', removeOnExit);
  try {
    tell.title('claudex demo: two Claude sessions, and a task sent from one side to the other.');
    stage = await Stage.open(modelScript, options.standIn === true);
    const ended = await Promise.race([perform(stage, tell), interrupted.signal]);
    if (typeof ended === 'string') {
      tell.bad(`Interrupted (${ended}): taking everything down.`);
      tell.silence();
      return 128 + constants.signals[ended];
    }
    if (ended) tell.good('The task was answered. Sessions, daemon and temporary files are being removed.');
    else tell.bad('The task was not answered.');
    return ended ? 0 : 1;
  } finally {
    await stage?.close();
    process.off('exit', removeOnExit);
    interrupted.dispose();
  }
}

/** Plays within the time limit; what goes wrong is shown, not thrown. */
async function perform(stage: Stage, tell: Narrator): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Not done within ${timeLimitMs / 1000} s.`)), timeLimitMs);
  });
  try {
    const isAnswered = await Promise.race([play(stage, tell), tooLong]);
    if (!isAnswered) await showWreck(stage, tell);
    return isAnswered;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    tell.bad(error instanceof ClaudexError ? `${message}\nFix: ${error.fix}` : message);
    await showWreck(stage, tell);
    return false;
  } finally {
    clearTimeout(timer);
  }
}

/** Ctrl-C and friends: the first asks for an orderly end; the second, of somebody who has waited enough, ends us. */
function onSignal(): { signal: Promise<NodeJS.Signals>; dispose: () => void } {
  const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  let listener: (name: NodeJS.Signals) => void = () => undefined;
  const signal = new Promise<NodeJS.Signals>((resolve) => {
    let isFirst = true;
    listener = (name) => {
      if (!isFirst) process.exit(128 + constants.signals[name]);
      isFirst = false;
      resolve(name);
    };
    for (const name of names) process.on(name, listener);
  });
  return {
    signal,
    dispose: () => {
      for (const name of names) process.off(name, listener);
    },
  };
}
