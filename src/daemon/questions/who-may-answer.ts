/**
 * Only the person answers what claude asks. What runs inside a claude session does not: neither its shells and hooks nor its MCP servers,
 * nor what they have left running in the background. What this keeps out and what it does not: docs/security.md.
 */
import type { Socket } from 'node:net';
import { isInsideClaude } from '../../claude/environment.ts';
import { ClaudexError } from '../../errors/claudex-error.ts';
import { ancestry, environmentNames } from '../../process/identity.ts';
import { peerPid } from '../../process/peer.ts';
import type { SessionRegistry } from '../sessions/session-registry.ts';

/** @returns the pid of who asks. @throws ClaudexError PERSON_ONLY */
export function personAsking(
  socket: Socket | null,
  registry: Pick<SessionRegistry, 'claudeAbove'>,
  configDir: string,
): number {
  const pid = peerPid(socket);
  if (pid === undefined) throw new ClaudexError('PERSON_ONLY', 'This system does not tell who asks.');
  if (registry.claudeAbove(pid, configDir) !== undefined) {
    throw new ClaudexError('PERSON_ONLY', `Process ${pid} runs inside a claude session.`);
  }
  // a background process that has lost its parents still has the environment that claude gave it
  for (const one of ancestry(pid)) {
    const names = environmentNames(one);
    if (names && isInsideClaude((name) => names.has(name))) {
      throw new ClaudexError('PERSON_ONLY', `Process ${one} was started inside a claude session.`);
    }
  }
  return pid;
}
