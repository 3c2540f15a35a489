/** Tells a person, by a desktop notification, that a task waits on them. Rate-limited; silent where there is no desktop. */
import { spawn } from 'node:child_process';
import type { Log } from '../home/log.ts';
import type { Clock } from '../process/clock.ts';
import type { Session } from './sessions/session.ts';
import { nameOf, waitingForOf } from './sessions/session-record.ts';

/** One session is spoken of at most this often. */
const quietMs = 10 * 60_000;

export interface DesktopNotificationOptions {
  /** Setting notify.enabled. */
  enabled: boolean;
  env: NodeJS.ProcessEnv;
  clock: Clock;
  log: Log;
}

export class DesktopNotification {
  readonly #options: DesktopNotificationOptions;
  readonly #lastAtSteadyMs = new Map<string, number>();

  constructor(options: DesktopNotificationOptions) {
    this.#options = options;
  }

  /** A task waits on this session until a person does something there. */
  taskWaits(session: Session, reason: string): void {
    const { enabled, clock, log, env } = this.#options;
    const now = clock.steady();
    if (!enabled || now - (this.#lastAtSteadyMs.get(session.id) ?? Number.NEGATIVE_INFINITY) < quietMs) return;
    for (const [id, at] of this.#lastAtSteadyMs) if (now - at >= quietMs) this.#lastAtSteadyMs.delete(id);
    this.#lastAtSteadyMs.set(session.id, now);
    log('person needed', { session: session.id, reason });
    const [command, ...args] = notifyCommand(
      process.platform,
      `Claude in ${nameOf(session)} needs you`,
      noticeText(session, reason),
    );
    const child = spawn(command!, args, { env, stdio: 'ignore', detached: true });
    child.on('error', () => undefined); // no such program here: there is no desktop to tell
    child.unref();
  }
}

/** Never the message itself: a notification may be read by anybody who sees the screen. */
function noticeText(session: Session, reason: string): string {
  const waitingFor = waitingForOf(session);
  return waitingFor ? `It waits for: ${waitingFor}. A task is queued behind it.` : `A task waits for ${reason}.`;
}

/** The program and its arguments; no shell. AppleScript takes the texts as arguments, never as code. */
export function notifyCommand(platform: NodeJS.Platform, title: string, text: string): string[] {
  if (platform === 'darwin') {
    const script = 'on run argv\ndisplay notification (item 2 of argv) with title (item 1 of argv)\nend run';
    return ['osascript', '-e', script, title, text];
  }
  return ['notify-send', '--app-name=claudex', '--', title, text];
}
