/** `api@devbox`: a session of another machine of the mesh, in the place of one here. */
import { elsewhere, goElsewhere } from '../../daemon-client/elsewhere.ts';
import { ClaudexError } from '../../errors/claudex-error.ts';
import { machineNames } from '../../mesh/remote-sessions.ts';
import { refuseSession } from '../not-by-a-session.ts';

let wentTo: string | undefined;

/** The machine of the mesh that this command has gone to. */
export function otherMachine(): string | undefined {
  return wentTo;
}

/** The target without its machine, and the machine; without one for a target of this machine. Asks nobody. */
export function machineIn(env: NodeJS.ProcessEnv, target: string): { target: string; machine?: string } {
  const at = target.lastIndexOf('@');
  const names = at < 1 ? undefined : machineNames(env);
  if (!names) return { target };
  const [rest, machine] = [target.slice(0, at), target.slice(at + 1)];
  if (machine === names.own) return { target: rest };
  return names.others.includes(machine) ? { target: rest, machine } : { target };
}

/**
 * All that this command asks of a daemon goes to the machine that the target names, from now on. With `--host` no target means a machine of
 * the mesh.
 * @returns the target as it is called there
 * @throws ClaudexError NOT_BY_A_SESSION
 */
export async function goToMachine(target: string): Promise<string>;
export async function goToMachine(target: string | undefined): Promise<string | undefined>;
export async function goToMachine(target: string | undefined): Promise<string | undefined> {
  if (target === undefined || elsewhere()) return target;
  const found = machineIn(process.env, target);
  if (found.machine !== undefined) await goTo(found.machine);
  return found.target;
}

/** `--machine devbox`: this machine's own name is no other one. @throws ClaudexError MESH_NOT_JOINED, MESH_NO_SUCH_MACHINE, NOT_BY_A_SESSION */
export async function goToNamed(machine: string | undefined): Promise<void> {
  if (machine === undefined) return;
  const names = machineNames(process.env);
  if (!names) throw new ClaudexError('MESH_NOT_JOINED');
  if (machine === names.own) return;
  if (!names.others.includes(machine)) {
    throw new ClaudexError('MESH_NO_SUCH_MACHINE', `There are ${[names.own, ...names.others].join(', ')}.`);
  }
  await goTo(machine);
}

async function goTo(machine: string): Promise<void> {
  await refuseSession(process.env);
  const { meshElsewhere } = await import('../../mesh/mesh-elsewhere.ts');
  goElsewhere(meshElsewhere(process.env, machine));
  wentTo = machine;
}
