/** Who may ask a server of ours on TCP: what Host and Origin say, and texts compared without telling where they differ. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';

/**
 * True for a Host header that names this server: `localhost`, any address, or one of `names` (lower case). A page that has made
 * a name of its own point here (DNS rebinding) sends that name.
 */
export function isOwnHost(host: string | undefined, names: ReadonlySet<string>): boolean {
  const name = (host ?? '')
    .toLowerCase()
    .replace(/:\d+$/, '')
    .replace(/^\[(.*)\]$/, '$1');
  return name === 'localhost' || isIP(name) !== 0 || names.has(name);
}

/** Compares without telling by its time where the texts differ. */
export function isSameText(a: string, b: string): boolean {
  const [left, right] = [a, b].map((text) => createHash('sha256').update(text).digest());
  return timingSafeEqual(left!, right!);
}
