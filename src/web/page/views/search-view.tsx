/** Search over all conversations on this machine. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { request, wordsOf } from '../api.ts';
import type { SearchHit } from '../api-types.ts';
import { hashOf, replace } from '../state/route.ts';
import { displayName, sessionWith } from '../state/sessions.ts';
import { ago, shortFolder, visible } from './words.ts';

/** Where in a turn it stands. */
const places: Record<string, string> = { 'tool-input': 'tool', 'tool-result': 'tool result' };

/** Typing goes on for so long before it is searched. */
const restMs = 250;

export function SearchView({ query }: { query: string }) {
  const hits = useSignal<SearchHit[] | null>(null);
  const problem = useSignal('');
  useEffect(() => {
    const stop = new AbortController();
    problem.value = '';
    if (query.trim() === '') {
      hits.value = null;
      return;
    }
    const timer = setTimeout(async () => {
      try {
        const path = `/search?q=${encodeURIComponent(query)}`;
        hits.value = (await request<{ hits: SearchHit[] }>('GET', path, undefined, { signal: stop.signal })).hits;
      } catch (error) {
        if (!stop.signal.aborted) problem.value = wordsOf(error);
      }
    }, restMs);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [query]);

  return (
    <main class="search-view">
      <input
        type="search"
        class="search-field"
        aria-label="Search all conversations"
        placeholder="Search all conversations…"
        value={query}
        ref={(field) => {
          if (document.activeElement === document.body) field?.focus();
        }}
        onInput={(event) => replace({ view: 'search', query: event.currentTarget.value })}
      />
      {problem.value !== '' && <p class="problem">{problem}</p>}
      {hits.value?.length === 0 && <p class="empty">Nothing found.</p>}
      <ol class="hits">
        {hits.value?.map((hit, index) => (
          <li key={index}>
            <p class="hit-head" title={hit.cwd ?? ''}>
              <Place hit={hit} />
              <span>{places[hit.where] ?? hit.where}</span>
              {hit.at && <time>{ago(hit.at)}</time>}
            </p>
            <p class="hit-text">
              <Marked text={visible(hit.text)} word={query} />
            </p>
          </li>
        ))}
      </ol>
    </main>
  );
}

/** By its session's name, and a way to it, where that is on the list; else by its folder. */
function Place({ hit }: { hit: SearchHit }) {
  const session = sessionWith(hit.sessionId);
  if (!session) return <strong>{shortFolder(hit.cwd ?? '')}</strong>;
  return (
    <a href={hashOf({ view: 'session', id: session.id, tab: 'conversation' })}>
      <strong>{displayName(session)}</strong>
    </a>
  );
}

function Marked({ text, word }: { text: string; word: string }) {
  const at = text.toLowerCase().indexOf(word.toLowerCase());
  if (at < 0) return <>{text}</>;
  return (
    <>
      {text.slice(0, at)}
      <mark>{text.slice(at, at + word.length)}</mark>
      {text.slice(at + word.length)}
    </>
  );
}
