/** What another machine may do here: by the settings of this one. Pure. */
import type { Settings } from '../settings/definitions.ts';

/** `read`: conversations. `answer`: see what claude asks, and answer it. */
export type MeshAct = 'send' | 'read' | 'peek' | 'answer' | 'start';

/** A machine, by the name that the server holds it to. */
export interface AskingMachine {
  name: string;
  /** It has proved that its key is the one that was pinned for that name (`claudex mesh trust`). */
  isTrusted: boolean;
  /** Another key was pinned for that name: whoever this is, it is not the machine that the settings name. */
  hasOtherKey?: boolean;
}

export function mayMachine(settings: Settings, act: MeshAct, { name, isTrusted, hasOtherKey }: AskingMachine): boolean {
  const allowed = settings[`mesh.${act}`];
  if (allowed === 'all') return true;
  if (allowed === 'none') return false;
  if (allowed === 'trusted') return isTrusted;
  return !hasOtherKey && allowed.split(',').includes(name);
}

/** The command that lets that machine do it, for whoever sits at this one. */
export function wayToAllow(act: MeshAct, { name }: AskingMachine): string {
  return `claudex config set mesh.${act} ${name}`;
}
