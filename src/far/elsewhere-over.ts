/** What commands need of another machine, in requests of the web API. */
import type { Turn } from '../claude/transcript/turn.ts';
import type { Elsewhere, FarHealth } from '../daemon-client/elsewhere.ts';
import { FarClient } from './far-client.ts';
import type { FarRequests } from './far-requests.ts';

/** All but its terminals. */
export function elsewhereOver(name: string, api: FarRequests): Omit<Elsewhere, 'connectViewer'> {
  const session = (id: string): string => `/sessions/${encodeURIComponent(id)}`;
  return {
    name,
    client: new FarClient(api),
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
