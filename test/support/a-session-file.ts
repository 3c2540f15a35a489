import type { ClaudeSessionFile } from '../../src/claude/session/session-file.ts';

/** What claude's session file says of an idle session with a prompt box, unless told otherwise. */
export function aSessionFile(fields: Partial<ClaudeSessionFile> = {}): ClaudeSessionFile {
  return {
    pid: 1,
    sessionId: '11111111-2222-3333-4444-555555555555',
    cwd: '/work/api',
    version: null,
    kind: 'interactive',
    jobId: null,
    isSpare: false,
    parkedJobId: null,
    entrypoint: 'cli',
    procStart: null,
    pidDomain: null,
    status: 'idle',
    waitingFor: null,
    statusUpdatedAt: null,
    startedAt: null,
    name: null,
    messagingSocketPath: null,
    ...fields,
  };
}
