/** Addresses of views: the hash of the page's address. Pure. */
export const tabs = ['terminal', 'conversation', 'queue'] as const;
export type Tab = (typeof tabs)[number];

export type Route =
  | { view: 'home' }
  | { view: 'session'; id: string; tab: Tab }
  | { view: 'wall' }
  | { view: 'search'; query: string }
  | { view: 'usage' };

export function parseRoute(text: string): Route {
  const [path = '', query = ''] = text.replace(/^#\/?/, '').split('?', 2);
  const [view, id, tab] = path.split('/').map(decoded);
  if (view === 'session' && id) return { view, id, tab: tabs.find((one) => one === tab) ?? 'terminal' };
  if (view === 'search') return { view, query: new URLSearchParams(query).get('q') ?? '' };
  if (view === 'wall' || view === 'usage') return { view };
  return { view: 'home' };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export function hashOf(to: Route): string {
  if (to.view === 'session') return `#/session/${encodeURIComponent(to.id)}/${to.tab}`;
  if (to.view === 'search') return `#/search${to.query === '' ? '' : `?q=${encodeURIComponent(to.query)}`}`;
  return to.view === 'home' ? '#/' : `#/${to.view}`;
}
