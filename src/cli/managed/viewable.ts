/** Which session a command looks at: a managed one, or one in somebody's terminal, whose claudex then takes viewers. */
import type { DaemonClient } from '../../daemon-client/client.ts';
import { pathTarget } from '../../daemon-client/path-target.ts';
import { ClaudexError } from '../../errors/claudex-error.ts';
import { findTarget } from '../../protocol/find-target.ts';
import type { ManagedRecord } from '../../protocol/managed.ts';
import type { SessionRecord } from '../../protocol/session.ts';
import { choose } from './choose.ts';
import { isUp, notRunning } from './managed-target.ts';

export interface Viewable {
  id: string;
  /** As people call it. */
  name: string;
  /** Undefined for one in somebody's terminal. */
  managed: ManagedRecord | undefined;
}

/**
 * The session that is meant; without a target the only managed one that runs, else the only one in a terminal, or a choice on a terminal.
 * @throws ClaudexError NO_SUCH_SESSION, AMBIGUOUS_TARGET, NOT_RUNNING
 */
export async function viewable(client: DaemonClient, target: string | undefined): Promise<Viewable> {
  const [managed, live] = await Promise.all([client.managed(), client.sessions()]);
  const ordinary = live.filter((one) => !managed.some(({ id }) => id === one.id));
  if (target === undefined) return only(managed.filter(isUp), ordinary);
  const { id } = findTarget(pathTarget(target), [
    ...managed.map((one) => ({ id: one.id, name: '', alias: one.name, claudeName: null, cwd: one.cwd })),
    ...ordinary,
  ]);
  const record = managed.find((one) => one.id === id);
  if (!record) return inTerminal(ordinary.find((one) => one.id === id)!);
  if (!isUp(record)) throw notRunning(record);
  return asViewable(record);
}

export function asViewable(one: ManagedRecord): Viewable {
  return { id: one.id, name: one.name ?? one.id, managed: one };
}

/** Where its viewers connect; asks the claudex of one in a terminal to take them. @throws ClaudexError NOT_ATTACHABLE, HOST_UNREACHABLE */
export async function viewerSocket(client: DaemonClient, { id, managed }: Viewable): Promise<string> {
  return managed ? managed.socket : client.takeViewers(id);
}

function inTerminal(one: SessionRecord): Viewable {
  return { id: one.id, name: one.alias ?? one.id, managed: undefined };
}

async function only(managed: readonly ManagedRecord[], ordinary: readonly SessionRecord[]): Promise<Viewable> {
  const supervised = ordinary.filter((one) => one.supervised);
  const all = managed.length > 0 ? managed.map(asViewable) : supervised.map(inTerminal);
  if (all.length === 1) return all[0]!;
  if (all.length === 0) throw new ClaudexError('NO_SUCH_SESSION', 'None runs that could be shown.');
  const chosen = await choose(all, ({ id, name }) => describe(id, name));
  if (chosen) return chosen;
  throw new ClaudexError('AMBIGUOUS_TARGET', `Say which: ${all.map(({ id, name }) => describe(id, name)).join(', ')}.`);
}

function describe(id: string, name: string): string {
  return name === id ? id : `${id} (${name})`;
}
