/** What kind of screen this is. */
import { type Signal, signal } from '@preact/signals';

function media(query: string): Signal<boolean> {
  const list = matchMedia(query);
  const it = signal(list.matches);
  list.addEventListener('change', ({ matches }) => {
    it.value = matches;
  });
  return it;
}

export const isNarrow = media('(max-width: 760px)');
/** Terminal and conversation fit side by side. */
export const isWide = media('(min-width: 1500px)');
export const isTouch = media('(pointer: coarse)');
