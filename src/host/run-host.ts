/**
 * A claude that no terminal holds: the runner with viewers on a socket. One process for each managed session; it needs no
 * daemon to go on. Wiring only.
 */
import { rmSync } from 'node:fs';
import { readPromptBox } from '../claude/session/prompt-box.ts';
import { readStartQuestion } from '../claude/session/start-question.ts';
import { replaceFile } from '../home/replace-file.ts';
import { steadyNow } from '../process/clock.ts';
import { processStartTime } from '../process/identity.ts';
import type { HostFile } from '../protocol/host-files.ts';
import { ClaudeOnPty } from '../runner/claude-on-pty.ts';
import { forwardSignals } from '../runner/forward-signals.ts';
import { loadNodePty } from '../terminal/pty/load-node-pty.ts';
import { QueryFilter } from '../terminal/query-filter.ts';
import { ScreenMirror } from '../terminal/screen-mirror.ts';
import { loadTtyCalls } from '../terminal/tty-calls.ts';
import { openHostServer } from './host-server.ts';
import { Viewers } from './viewers.ts';

/** Claude's screen until a viewer says how large its terminal is. */
const firstSize = { cols: 120, rows: 40, pixelWidth: 0, pixelHeight: 0 };
/** Output that is not on the mirror yet: with more, claude waits, because the mirror keeps every byte until then. */
const maxUndrawnBytes = 1024 * 1024;
/** The screen (its prompt box, a question at its start) is looked at once claude has not written for so long. */
const quietMs = 1000;

export interface HostOptions {
  id: string;
  cwd: string;
  /** Path of claude. */
  file: string;
  args: readonly string[];
  /** Claude's environment. */
  env: Record<string, string>;
  ownEnv: NodeJS.ProcessEnv;
  wasResume: boolean;
  socketPath: string;
  /** Where the host says who it is. */
  filePath: string;
  /** Claude has been started, and viewers can come. */
  ready: () => void;
}

/** Resolves when claude has ended and everybody knows. @throws ClaudexError PTY_UNAVAILABLE, NO_PSEUDO_TERMINAL */
export async function runHost(options: HostOptions): Promise<void> {
  // the parts; claude is started before anything that can wait
  const calls = loadTtyCalls();
  const claude = new ClaudeOnPty({
    library: loadNodePty(),
    file: options.file,
    args: options.args,
    cwd: options.cwd,
    env: options.env,
    size: firstSize,
    settings: undefined,
    calls,
  });
  const { pty } = claude;
  const startedSteadyMs = steadyNow();
  const signals = forwardSignals(pty);
  // nobody's terminal is asked anything: the mirror answers, for everybody
  const mirror = new ScreenMirror({
    size: firstSize,
    onAnswer: (bytes) => claude.type(Buffer.from(bytes, 'latin1')),
  });
  const questions = new QueryFilter();
  const viewers = new Viewers({
    mirror,
    welcome: () => ({ id: options.id, cwd: options.cwd, pid: pty.pid }),
    resize: (size) => {
      claude.resize({ ...size, pixelWidth: 0, pixelHeight: 0 });
      mirror.resize(size);
    },
    input: (bytes) => claude.keys(bytes),
    changed: () => tell({ viewers: viewers.count }),
  });
  let said: HostFile = {
    version: 1,
    id: options.id,
    host: { pid: process.pid, startTime: processStartTime(process.pid)! },
    claude: { pid: pty.pid, startTime: processStartTime(pty.pid) ?? '' },
    wasResume: options.wasResume,
    viewers: 0,
    maybeDraft: true,
    ended: null,
  };
  const tell = (news: Partial<HostFile>): void => {
    said = { ...said, ...news };
    try {
      replaceFile(options.filePath, JSON.stringify(said), { mode: 0o600, flush: false });
    } catch {
      // a full disk: the daemon takes what stands there
    }
  };
  let undrawn = 0;
  let quiet: NodeJS.Timeout | undefined;
  const lookAtScreen = (): void => {
    const rows = mirror.rows();
    claude.asks(readStartQuestion(rows));
    const maybeDraft = readPromptBox(rows).kind !== 'empty';
    if (maybeDraft !== said.maybeDraft) tell({ maybeDraft });
  };

  // who hears of what, in this order: a viewer's snapshot holds what the mirror has been given before
  claude.output.add((bytes) => {
    const { length } = bytes;
    undrawn += length;
    if (undrawn > maxUndrawnBytes) pty.pause();
    mirror.write(bytes, () => {
      undrawn -= length;
      if (undrawn <= maxUndrawnBytes / 2) pty.resume();
    });
  });
  claude.output.add((bytes) => viewers.output(questions.take(bytes)));
  claude.output.add(() => {
    if (quiet) quiet.refresh();
    else quiet = setTimeout(lookAtScreen, quietMs).unref();
  });

  // up
  const server = await openHostServer({ path: options.socketPath, viewers, mirror });
  tell({});
  claude.connectSoon(options.ownEnv);
  options.ready();

  const exit = await pty.exited;

  // down: how it ended is on disk before anybody hears of it
  clearTimeout(quiet);
  await new Promise<void>((resolve) => mirror.whenSettled(resolve));
  tell({
    ended: {
      code: exit.code,
      signal: exit.signal,
      ranMs: steadyNow() - startedSteadyMs,
      lastWords: mirror.text({ lines: 6, ansi: false }),
    },
  });
  viewers.dismiss({
    reason: 'ended',
    exit: exit.signal === 0 ? { code: exit.code, signal: null } : { code: null, signal: exit.signal },
  });
  claude.close();
  viewers.dispose();
  signals.dispose();
  server.close();
  rmSync(options.socketPath, { force: true });
}
