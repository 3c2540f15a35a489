/** Which view is shown: the hash of the address, so that Back, links and reload do what people expect. */
import { computed, signal } from '@preact/signals';
import { hashOf, parseRoute, type Route } from './parse-route.ts';

export { hashOf, type Route, type Tab, tabs } from './parse-route.ts';

const hash = signal(location.hash);
addEventListener('hashchange', () => {
  hash.value = location.hash;
});

export const route = computed<Route>(() => parseRoute(hash.value));

export function go(to: Route): void {
  location.hash = hashOf(to);
}

/** Another value of what is shown already: Back does not stop at it. */
export function replace(to: Route): void {
  history.replaceState(null, '', hashOf(to));
  hash.value = location.hash;
}
