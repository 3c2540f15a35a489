/**
 * Where pushes may go. A device chooses the address, so that it must not become a way into this machine or its network: https, and
 * nothing that is reached from here alone. Names are looked at when they are resolved, because a name may mean something else each time.
 */
import { type LookupAddress, type LookupOptions, lookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

const inner = new BlockList();
for (const [address, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3], // multicast and what is kept for later
] as const) {
  inner.addSubnet(address, bits, 'ipv4');
}
for (const [address, bits] of [
  ['::', 127], // nobody, and this machine
  ['64:ff9b::', 96], // these two have an IPv4 address in them
  ['2002::', 16],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
] as const) {
  inner.addSubnet(address, bits, 'ipv6');
}

/** True for an address that only this machine or its own network reaches. An IPv4 address in IPv6 clothes is looked at as such. */
export function isInnerAddress(address: string): boolean {
  const family = isIP(address);
  return family === 0 || inner.check(address, family === 6 ? 'ipv6' : 'ipv4');
}

/** What is wrong with the address of a push service, in words; undefined when nothing is, as far as its text tells. */
export function endpointFault(endpoint: string, mayBeInner: boolean): string | undefined {
  let url: URL;
  try {
    url = new URL(endpoint);
  } catch {
    return 'it is no URL';
  }
  if (url.protocol !== 'https:') return 'it is not https';
  if (url.username !== '' || url.password !== '') return 'it has a name or a password in it';
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const isInner = isIP(host) === 0 ? /(^|\.)localhost\.?$/.test(host) : isInnerAddress(host);
  return isInner && !mayBeInner ? 'it is an address of this machine or its own network' : undefined;
}

/** Resolves names as usual, and fails for one of which any address is an inner one. */
export const outerLookup: LookupFunction = (name, options: LookupOptions, callback) => {
  lookup(name, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
    if (error) return callback(error, '');
    if (addresses.length === 0 || addresses.some(({ address }) => isInnerAddress(address)))
      return callback(new Error('it resolves to this machine or its own network'), '');
    if (options.all) return callback(null, addresses);
    callback(null, addresses[0]!.address, addresses[0]!.family);
  });
};
