/** Which managed session a command means. */
import type { DaemonClient } from '../../daemon-client/client.ts';
import { pathTarget } from '../../daemon-client/path-target.ts';
import { ClaudexError } from '../../errors/claudex-error.ts';
import { findTarget } from '../../protocol/find-target.ts';
import { type ManagedRecord, stateInWords } from '../../protocol/managed.ts';

/**
 * The managed session of that id, name or folder.
 * @throws ClaudexError NO_SUCH_MANAGED (says so of a session that runs in a terminal), AMBIGUOUS_TARGET
 */
export async function managedTarget(client: DaemonClient, target: string): Promise<ManagedRecord> {
  const all = await client.managed();
  try {
    return pick(target, all);
  } catch (error) {
    if (!(error instanceof ClaudexError) || error.code !== 'NO_SUCH_SESSION') throw error;
    const others = (await client.sessions()).filter((one) => !all.some(({ id }) => id === one.id));
    const isOrdinary = others.some((one) => [one.id, one.name, one.alias, one.cwd].includes(pathTarget(target)));
    throw new ClaudexError(
      'NO_SUCH_MANAGED',
      isOrdinary ? `"${target}" runs in a terminal of its own.` : `Asked for "${target}".`,
    );
  }
}

/** The only one, or the one that is meant. @throws ClaudexError NO_SUCH_MANAGED, AMBIGUOUS_TARGET */
export async function onlyManaged(client: DaemonClient, target: string | undefined): Promise<ManagedRecord> {
  if (target !== undefined) return managedTarget(client, target);
  const up = (await client.managed()).filter(isUp);
  if (up.length === 1) return up[0]!;
  if (up.length === 0) throw new ClaudexError('NO_SUCH_MANAGED', 'None runs.');
  throw new ClaudexError(
    'AMBIGUOUS_TARGET',
    `Say which: ${up.map((one) => `${one.id} (${one.name ?? one.cwd})`).join(', ')}.`,
  );
}

/** Why it cannot be shown. */
export function notRunning(one: ManagedRecord): ClaudexError {
  return new ClaudexError('NOT_RUNNING', `It is ${stateInWords(one)}.`);
}

export function isUp({ state }: ManagedRecord): boolean {
  return state === 'starting' || state === 'running';
}

function pick(target: string, all: readonly ManagedRecord[]): ManagedRecord {
  const candidates = all.map((one) => ({ id: one.id, name: '', alias: one.name, cwd: one.cwd }));
  const { id } = findTarget(pathTarget(target), candidates);
  return all.find((one) => one.id === id)!;
}
