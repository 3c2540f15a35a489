/** What the daemon knows of the mesh, by what the bridge writes down. Given to it by whoever starts it: the daemon itself loads nothing of the mesh. */
import { ClaudexError } from '../../errors/claudex-error.ts';
import type { Recipient } from '../../protocol/message.ts';

/** The mesh as it is known now. */
export interface MeshView {
  /** This machine's name in it. */
  own: string;
  /** The line to the server is up. */
  connected: boolean;
  machines: Array<{ name: string; away: boolean; sessions: Array<{ id: string; name: string; cwd: string }> }>;
}

export interface Mesh {
  /** Undefined where this machine is in none. */
  look(): MeshView | undefined;
  /** May a machine with that key send here, and is it the person's own (`claudex mesh trust`)? */
  sender(name: string, key: string): { maySend: boolean; isTrusted: boolean };
  /** Starts the bridge where none runs. */
  startBridge(): Promise<void>;
}

/** For a daemon that was started without one. */
export const noMesh: Mesh = {
  look: () => undefined,
  sender: () => ({ maySend: false, isTrusted: false }),
  startBridge: async () => undefined,
};

/** `api@devbox`: what is asked for, and where; undefined for what names no machine. */
export function splitTarget(target: string): { target: string; machine: string } | undefined {
  const [, session, machine] = /^(.+)@([a-z0-9][a-z0-9_-]{0,39})$/s.exec(target) ?? [];
  return session === undefined || machine === undefined ? undefined : { target: session, machine };
}

/**
 * Where a target is that no session of this machine has; undefined for what names no other machine. Whether somebody is called so
 * there, that machine decides.
 * @throws ClaudexError MESH_NOT_JOINED, MESH_NO_SUCH_MACHINE, NO_SUCH_SESSION
 */
export function recipientOnMachine(asked: string, view: MeshView | undefined): Recipient | undefined {
  const split = splitTarget(asked);
  if (!split) return undefined;
  const { target, machine } = split;
  if (!view) throw new ClaudexError('MESH_NOT_JOINED', `Asked for "${asked.slice(0, 200)}".`);
  if (machine === view.own) {
    throw new ClaudexError(
      'NO_SUCH_SESSION',
      `Asked for "${target.slice(0, 200)}" on ${machine}, which is this machine.`,
    );
  }
  if (!view.machines.some(({ name }) => name === machine)) {
    const known = view.machines.map(({ name }) => name).join(', ') || 'none but this one';
    throw new ClaudexError('MESH_NO_SUCH_MACHINE', `Asked for ${machine}; machines: ${known}.`);
  }
  return { id: null, name: target, cwd: '', machine, target };
}
