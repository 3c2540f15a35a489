/** Finds text on a terminal and above it. */
import type { SearchAddon } from '@xterm/addon-search';
import { useEffect, useRef } from 'preact/hooks';

export function TerminalSearch({ search, close }: { search: SearchAddon; close: () => void }) {
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), []);
  return (
    <search>
      <form
        class="terminal-search"
        onSubmit={(event) => {
          event.preventDefault();
          search.findPrevious(field.current?.value ?? '');
        }}
        onKeyDown={(event) => {
          if (event.key === 'Escape') close();
        }}
      >
        <input
          ref={field}
          type="search"
          aria-label="Find in the terminal"
          placeholder="Find…"
          onInput={(event) => search.findPrevious(event.currentTarget.value, { incremental: true })}
        />
        <button type="submit" class="small">
          Up
        </button>
        <button type="button" class="small" onClick={() => search.findNext(field.current?.value ?? '')}>
          Down
        </button>
        <button type="button" class="small quiet" aria-label="Close the search" onClick={close}>
          ✕
        </button>
      </form>
    </search>
  );
}
