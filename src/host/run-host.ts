/**
 * A claude that no terminal holds: the runner with viewers on a socket. One process for each managed session; it needs no
 * daemon to go on. Wiring only.
 */
import { readPromptBox } from '../claude/session/prompt-box.ts';
import { readStartQuestion } from '../claude/session/start-question.ts';
import { replaceFile } from '../home/replace-file.ts';
import { steadyNow } from '../process/clock.ts';
import { processStartTime } from '../process/identity.ts';
import { endedBye } from '../protocol/frames.ts';
import type { HostFile } from '../protocol/host-files.ts';
import type { StartQuestion } from '../protocol/session.ts';
import type { ClaudeOnPty } from '../runner/claude-on-pty.ts';
import { forwardSignals } from '../runner/forward-signals.ts';
import type { SharedScreen } from '../runner/viewers/shared-screen.ts';

/** The screen (its prompt box, a question at its start) is looked at once claude has not written for so long. */
const quietMs = 1000;

export interface HostOptions {
  id: string;
  /** Claude, of which no byte of output has been passed on yet. */
  claude: ClaudeOnPty;
  /** Its screen; no viewer can come yet. */
  screen: SharedScreen;
  ownEnv: NodeJS.ProcessEnv;
  wasResume: boolean;
  /** Where the host says who it is. */
  filePath: string;
  /** Claude has drawn more than is kept of it: it is to draw its screen once more. */
  redraws?: boolean;
  /** Viewers can come. */
  ready: () => void;
}

/** Resolves when claude has ended and everybody knows. */
export async function runHost(options: HostOptions): Promise<void> {
  const { claude, screen } = options;
  const { pty } = claude;
  const startedSteadyMs = steadyNow();
  const signals = forwardSignals(pty);
  // claude is about to end: a daemon that goes down at the same time, because the whole system does, is not brought back by us
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.once(signal, () => claude.close());
  const { mirror, viewers } = screen;
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
  let quiet: NodeJS.Timeout | undefined;
  /** What claude has asked last, as long as it shows no prompt box. */
  let asked: StartQuestion | null = null;
  const lookAtScreen = (): void => {
    const rows = mirror.rows();
    const box = readPromptBox(rows).kind;
    const question = readStartQuestion(rows);
    if (box !== 'unknown') asked = null;
    else if (question !== null && question !== 'question') asked = question;
    claude.asks(question);
    const maybeDraft = box !== 'empty';
    if (maybeDraft !== said.maybeDraft) tell({ maybeDraft });
  };
  const lookSoon = (): void => {
    if (quiet) quiet.refresh();
    else quiet = setTimeout(lookAtScreen, quietMs).unref();
  };

  // who hears of what, in this order
  claude.output.add((bytes) => screen.output(bytes));
  claude.output.add(lookSoon);
  screen.changed.add(() => tell({ viewers: viewers.count }));
  screen.changed.add(() => claude.viewedBy(viewers.count));

  // up
  await screen.follow();
  await screen.open();
  tell({});
  lookSoon();
  claude.connectSoon(options.ownEnv);
  options.ready();
  if (options.redraws) claude.redraw({ ...claude.ring.size, pixelWidth: 0, pixelHeight: 0 });
  pty.resume();

  const exit = await pty.exited;

  // down: how it ended is on disk before anybody hears of it
  clearTimeout(quiet);
  await new Promise<void>((resolve) => screen.whenSettled(resolve));
  tell({
    ended: {
      code: exit.isUnknown ? null : exit.code,
      signal: exit.signal,
      leftInOrder: !mirror.modes.anyOn,
      leftAt: asked,
      ranMs: steadyNow() - startedSteadyMs,
      lastWords: mirror.text({ lines: 6, ansi: false }),
    },
  });
  claude.close();
  screen.close(endedBye(exit));
  signals.dispose();
}
