/** Keys of the page. None of them acts while somebody types, or in a terminal. */
import { go, route, type Tab } from './route.ts';
import { shownSessions } from './sessions.ts';

export function listenForKeys(show: { start: () => void; help: () => void }): void {
  const tabOf: Record<string, Tab> = { t: 'terminal', c: 'conversation', q: 'queue' };
  const does: Record<string, () => void> = {
    j: () => step(1),
    k: () => step(-1),
    '/': () => document.querySelector<HTMLElement>('#filter')?.focus(),
    m: () => document.querySelector<HTMLElement>('.send-box textarea')?.focus(),
    n: show.start,
    '?': show.help,
    w: () => go({ view: 'wall' }),
    s: () => go({ view: 'search', query: '' }),
    u: () => go({ view: 'usage' }),
  };
  addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return;
    const target = event.target as HTMLElement;
    if (target.closest('input, textarea, select, dialog, [contenteditable], .terminal-place')) return;
    const at = route.peek();
    const tab = tabOf[event.key];
    if (tab && at.view === 'session') go({ ...at, tab });
    else if (does[event.key]) does[event.key]!();
    else return;
    event.preventDefault();
  });
}

function step(by: 1 | -1): void {
  const list = shownSessions.peek();
  if (list.length === 0) return;
  const at = route.peek();
  const here = at.view === 'session' ? list.findIndex(({ id }) => id === at.id) : by === 1 ? -1 : 0;
  const next = list[(here + by + list.length) % list.length]!;
  go({ view: 'session', id: next.id, tab: at.view === 'session' ? at.tab : 'conversation' });
}
