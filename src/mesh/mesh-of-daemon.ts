/** What the daemon may know of the mesh: what the bridge has written down, and the settings. Loads nothing of NATS. */
import { readSettings } from '../settings/read.ts';
import { readJoined, readSeen, type Seen } from './mesh-files.ts';
import { bridgeRuns, ensureBridge } from './start-bridge.ts';
import { readTrusted, trustIn } from './trust.ts';
import { mayMachine } from './who-may.ts';

export interface DaemonsMesh {
  look(): { own: string; connected: boolean; machines: Seen['machines'] } | undefined;
  sender(name: string, key: string): { maySend: boolean; isTrusted: boolean };
  startBridge(): Promise<void>;
}

export function meshOf(env: NodeJS.ProcessEnv): DaemonsMesh {
  return {
    look: () => {
      const joined = readJoined(env);
      if (!joined) return undefined;
      const seen = readSeen(env);
      return {
        own: joined.name,
        connected: seen?.connected === true && bridgeRuns(env),
        machines: seen?.machines ?? [],
      };
    },
    sender: (name, key) => {
      const machine = { name, ...trustIn(readTrusted(env), name, key) };
      return { maySend: mayMachine(readSettings(env).values, 'send', machine), isTrusted: machine.isTrusted };
    },
    startBridge: () => ensureBridge(env),
  };
}
