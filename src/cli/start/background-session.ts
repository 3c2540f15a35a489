/** Whether claude is asked for a session that runs in the background now. Loaded only where `--resume` names one. */
import { isWrittenBy, readSessionFiles } from '../../claude/session/session-file.ts';
import { claudeConfigDir } from '../../home/paths.ts';
import { processStartTime } from '../../process/identity.ts';

/** True when that session is a job of claude's own daemon: claude then shows the job in this terminal, and is no session itself. */
export function isBackgroundSession(claudeSessionId: string, env: NodeJS.ProcessEnv): boolean {
  return readSessionFiles(claudeConfigDir(env)).some(
    (file) =>
      file.sessionId === claudeSessionId && file.jobId !== null && isWrittenBy(file, processStartTime(file.pid) ?? ''),
  );
}
