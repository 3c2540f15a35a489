import { lookup as systemLookup } from 'node:dns';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { endpointFault, isInnerAddress, outerLookup } from '../../../../src/web/push/push-endpoint.ts';
import { verifies } from '../../../requirements.ts';

vi.mock('node:dns', () => ({ lookup: vi.fn() }));

/** What names mean for as long as a test goes. */
function namesMean(...addresses: string[]): void {
  const found = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
  vi.mocked(systemLookup).mockImplementation(((_name: string, _options: unknown, then: (...all: unknown[]) => void) =>
    then(null, found)) as never);
}

describe(`where pushes may go ${verifies('web-push')}`, () => {
  afterEach(() => vi.mocked(systemLookup).mockReset());

  it('tells inner addresses from those of the world, in all their clothes', () => {
    const inner =
      '0.0.0.0 10.0.0.1 100.64.0.1 127.0.0.1 127.9.9.9 169.254.169.254 172.16.0.1 172.31.255.255 192.168.1.1 198.19.0.1 224.0.0.1 255.255.255.255';
    const innerSix =
      ':: ::1 fc00::1 fdff::1 fe80::1 ff02::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 64:ff9b::7f00:1 2002:7f00:1::';
    for (const one of [...inner.split(' '), ...innerSix.split(' ')])
      expect([one, isInnerAddress(one)]).toEqual([one, true]);
    for (const one of ['1.1.1.1', '172.32.0.1', '192.0.1.1', '9.255.255.255', '2606:4700::1111', '::ffff:1.1.1.1'])
      expect([one, isInnerAddress(one)]).toEqual([one, false]);
  });

  it('takes https of the world; of this network only where it is allowed', () => {
    expect(endpointFault('https://push.example/x?y', false)).toBeUndefined();
    expect(endpointFault('https://1.1.1.1/x', false)).toBeUndefined();
    for (const one of ['https://localhost/', 'https://a.localhost./', 'https://LOCALHOST/', 'https://192.168.1.1/']) {
      expect([one, endpointFault(one, false)]).toEqual([one, 'it is an address of this machine or its own network']);
      expect([one, endpointFault(one, true)]).toEqual([one, undefined]);
    }
    expect(endpointFault('http://push.example/', true)).toBe('it is not https');
  });

  it.each([true, false])('a name with any inner address resolves to nothing (all: %s)', async (all) => {
    const resolve = () =>
      new Promise((done) => outerLookup('push.example', { all }, (error, address) => done(error?.message ?? address)));
    namesMean('1.1.1.1', '127.0.0.1');
    expect(await resolve()).toBe('it resolves to this machine or its own network');
    namesMean();
    expect(await resolve()).toBe('it resolves to this machine or its own network');
    namesMean('1.1.1.1');
    expect(await resolve()).toEqual(all ? [{ address: '1.1.1.1', family: 4 }] : '1.1.1.1');
  });
});
