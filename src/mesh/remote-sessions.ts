/** The sessions of other machines, for lists: from the file that the bridge keeps. Asks nobody, loads nothing. */
import { hasJoined, type RemoteSession, readJoined, readSeen } from './mesh-files.ts';
import { bridgeRuns } from './start-bridge.ts';

/** A session with the machine it is on. */
export interface MachineSession extends RemoteSession {
  machine: string;
  /** The machine is not there now: this is what it has last told. */
  away: boolean;
}

/** Of every other machine, or of the one of that name; none where this machine is in no mesh. */
export function remoteSessions(env: NodeJS.ProcessEnv, machine?: string): MachineSession[] {
  if (!hasJoined(env)) return [];
  const machines = readSeen(env)?.machines ?? [];
  const nobodyLooks = machines.length > 0 && !bridgeRuns(env);
  return machines
    .filter(({ name }) => machine === undefined || name === machine)
    .flatMap(({ name, away, sessions }) =>
      sessions.map((one) => ({ ...one, machine: name, away: away || nobodyLooks })),
    );
}

/** That machine is known not to be there now, or nobody here can know: a word of it is not worth waiting for. */
export function isKnownAway(env: NodeJS.ProcessEnv, machine: string): boolean {
  const seen = readSeen(env)?.machines.find(({ name }) => name === machine);
  return seen?.away === true || !bridgeRuns(env);
}

/** The names of this machine and the others; undefined where it is in no mesh. */
export function machineNames(env: NodeJS.ProcessEnv): { own: string; others: string[] } | undefined {
  const joined = readJoined(env);
  if (!joined) return undefined;
  return { own: joined.name, others: (readSeen(env)?.machines ?? []).map(({ name }) => name) };
}
