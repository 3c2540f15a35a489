/**
 * Brings the daemon back for a session that was started without `claudex`: beside an idle one nobody else of ours may live, and what
 * is due for it must go. Costs a watched folder. A daemon that nobody needs ends only when there is no session, so it is left alone.
 */
import { existsSync, watch } from 'node:fs';
import { basename } from 'node:path';
import { isSession, readSessionFile } from '../claude/session/session-file.ts';
import { wakeDaemon } from '../daemon-client/wake-daemon.ts';
import { claudeConfigDir, claudexPaths } from '../home/paths.ts';

/** Whoever replaces a daemon, or supervises a session, has started the next one by then. */
const othersFirstMs = 1000;

/** Looks after the daemon for as long as this process lives. Where nothing can be watched, the next hook does. */
export function keepDaemon(env: NodeJS.ProcessEnv): void {
  const { home, socketAddress, stopped } = claudexPaths(env);
  let timer: NodeJS.Timeout | undefined;
  const bringBack = (): void => {
    if (existsSync(socketAddress) || existsSync(stopped) || !existsSync(home) || !isBesideSession(env)) return;
    void wakeDaemon(env);
  };
  const lookSoon = (): void => {
    clearTimeout(timer);
    timer = setTimeout(bringBack, othersFirstMs);
    timer.unref();
  };
  try {
    const watcher = watch(home, { persistent: false }, (_event, name) => {
      if (name === basename(socketAddress) && !existsSync(socketAddress)) lookSoon();
    });
    watcher.on('error', () => undefined);
  } catch {
    // no folder yet, or no inotify left
  }
  // it may have gone before it was watched
  lookSoon();
}

/** True when the claude that has started us is a session of a person's: `claude -p` and other clients need no daemon. */
function isBesideSession(env: NodeJS.ProcessEnv): boolean {
  const file = readSessionFile(claudeConfigDir(env), process.ppid);
  return file !== undefined && isSession(file);
}
