/** A session as `claudex list --json` has it, for tests that change what they are about. */
import type { SessionRecord } from '../../src/protocol/session.ts';

export function aSession(more: Partial<SessionRecord> = {}): SessionRecord {
  return {
    id: 'k3v9q2xd',
    name: 'api',
    alias: null,
    claudeName: null,
    cwd: '/work/api',
    pid: 4711,
    sessionId: 'secret-session',
    transcriptPath: '/home/me/.claude/projects/x.jsonl',
    state: 'idle',
    waitingFor: null,
    kind: 'interactive',
    supervised: true,
    peers: true,
    pending: 0,
    stuck: 0,
    viewers: 0,
    lastHook: null,
    version: '2.1.197',
    startedAt: '2026-01-01T00:00:00.000Z',
    lastActiveAt: '2026-01-01T00:00:00.000Z',
    ...more,
  };
}
