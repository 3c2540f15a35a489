import { describe, expect, it } from 'vitest';
import { hashOf, parseRoute, type Route } from '../../../../../src/web/page/state/parse-route.ts';

describe('addresses of views', () => {
  it.each<Route>([
    { view: 'home' },
    { view: 'wall' },
    { view: 'usage' },
    { view: 'search', query: '' },
    { view: 'search', query: 'a/b?c&d#e %' },
    { view: 'session', id: 'k7m2p9qd', tab: 'queue' },
    { view: 'session', id: 'a/b ü', tab: 'terminal' },
  ])('%j comes back', (route) => {
    expect(parseRoute(hashOf(route))).toEqual(route);
  });

  it('what is no address is home', () => {
    expect(parseRoute('#/nope')).toEqual({ view: 'home' });
    expect(parseRoute('#/session/')).toEqual({ view: 'home' });
    expect(parseRoute('')).toEqual({ view: 'home' });
  });

  it('a damaged escape is taken as it stands', () => {
    expect(parseRoute('#/session/%zz/queue')).toEqual({ view: 'session', id: '%zz', tab: 'queue' });
  });
});
