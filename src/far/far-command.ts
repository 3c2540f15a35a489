/** Another machine's claudex, for the commands that go there. The one entry of this bundle: undici is in it and nowhere else. */
import type { Turn } from '../claude/transcript/turn.ts';
import type { Elsewhere, FarHealth } from '../daemon-client/elsewhere.ts';
import { FarApi } from './far-api.ts';
import { FarClient } from './far-client.ts';
import { farViewer } from './far-viewer.ts';
import { findMachine, type Machine } from './machines.ts';

export { checkEncrypted, keepMachine, listMachines, type Machine, machineUrl, removeMachine } from './machines.ts';

/** What a token lets one do there. */
export interface FarDevice {
  name: string;
  scopes: string[];
}

/** The machine that `--host` means. Nothing is asked of it yet. @throws ClaudexError NO_SUCH_MACHINE, FAR_TOKEN_MISSING, FAR_URL, FAR_PLAIN_HTTP */
export function machineElsewhere(env: NodeJS.ProcessEnv, wanted: string): Elsewhere {
  const machine = findMachine(env, wanted);
  const api = new FarApi(machine);
  const session = (id: string): string => `/sessions/${encodeURIComponent(id)}`;
  return {
    name: machine.name,
    client: new FarClient(api),
    connectViewer: (id, hello) => farViewer(api, id, hello),
    screen: async (id, { lines, ansi }) => {
      const query = new URLSearchParams({ ansi: String(ansi), ...(lines !== undefined && { lines: String(lines) }) });
      return (await api.ask<{ text: string }>('GET', `${session(id)}/screen?${query}`)).text;
    },
    detachAll: async (id) => void (await api.ask('POST', `${session(id)}/detach`)),
    turns: async (target, { last, raw }) =>
      (await api.ask<{ turns: Turn[] }>('GET', `${session(target)}/history?last=${last}&raw=${raw}`)).turns,
    turn: (target, number, raw) => api.ask('GET', `${session(target)}/turns/${number}?raw=${raw}`),
    search: ({ text, isRegex, ignoreCase, session: only, context, max }) => {
      const query = new URLSearchParams({
        q: text,
        regex: String(isRegex),
        ignoreCase: String(ignoreCase),
        context: String(context),
        max: String(max),
        ...(only !== undefined && { session: only }),
      });
      return api.ask('GET', `/search?${query}`);
    },
    health: () => api.ask<FarHealth>('GET', '/health'),
  };
}

/** Who its token makes us there. @throws ClaudexError FAR_UNREACHABLE, FAR_NOT_TRUSTED, FAR_TOKEN_REFUSED */
export async function deviceOn(machine: Machine): Promise<FarDevice> {
  return (await new FarApi(machine).ask<{ device: FarDevice }>('GET', '/me')).device;
}
