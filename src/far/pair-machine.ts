/** A token of another machine for the code of a pairing link, which a person made there. */
import { FarApi } from './far-api.ts';
import { type Machine, machineUrl } from './machines.ts';

export interface PairingLink {
  /** Where its `claudex web` is, as that calls itself. */
  url: string;
  code: string;
}

/** Undefined for any other text. @throws ClaudexError FAR_URL a link to what is no `claudex web` */
export function parsePairingLink(text: string): PairingLink | undefined {
  const [, place, code] = /^(https?:\/\/\S+?)\/?#\/?pair[=/]([\w-]{1,100})$/.exec(text.trim()) ?? [];
  return place === undefined ? undefined : { url: machineUrl(place), code: code! };
}

/** The code is spent by this. @throws ClaudexError PAIRING_REFUSED, TOO_MANY_TRIES, FAR_UNREACHABLE, FAR_NOT_TRUSTED, FAR_REFUSED */
export async function pairMachine(
  place: Omit<Machine, 'token'>,
  body: { code: string; name: string; scopes: readonly string[] },
): Promise<string> {
  const api = new FarApi({ ...place, token: '' });
  const { token } = await api.ask<{ token?: string }>('POST', '/pair', { body });
  return token ?? '';
}
