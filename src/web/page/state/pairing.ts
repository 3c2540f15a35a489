/** A code from the address's fragment becomes a cookie. A fragment is never sent to a server, nor kept in its logs. */
import { request } from '../api.ts';
import { connect, connection } from './connection.ts';

/** @throws ApiFailure a code that is wrong, used, or too old */
export async function pairWith(code: string): Promise<void> {
  await request('POST', '/pair', { code, name: deviceName() });
  connection.value = 'connecting';
  connect();
}

/** The code of a pairing link, taken out of the address at once. */
export function takeCode(): string | null {
  const found = /^#(?:\/)?pair[=/]([\w-]+)$/.exec(location.hash);
  if (!found) return null;
  history.replaceState(null, '', '#/');
  return found[1]!;
}

function deviceName(): string {
  const { userAgent } = navigator;
  const browser = ['Edg', 'Firefox', 'Chrome', 'Safari'].find((one) => userAgent.includes(one)) ?? 'Browser';
  const device = ['iPhone', 'iPad', 'Android', 'Macintosh', 'Windows', 'Linux'].find((one) => userAgent.includes(one));
  return `${browser === 'Edg' ? 'Edge' : browser}${device ? ` on ${device === 'Macintosh' ? 'Mac' : device}` : ''}`;
}
