/** What an edit changes, line by line. */
import { useMemo } from 'preact/hooks';
import { changedLines } from './changed-lines.ts';
import { visible } from './words.ts';

/** A longer text costs the browser seconds, and nobody reads a difference of that size. */
const maxChars = 200_000;

export function Diff({ before, after }: { before: string; after: string }) {
  const lines = useMemo(
    () => (before.length + after.length > maxChars ? null : changedLines(before, after)),
    [before, after],
  );
  if (!lines) return <pre class="code">{visible(after)}</pre>;
  return (
    <pre class="code diff">
      {lines.map(({ mark, text }, index) => (
        <span class={mark === '+' ? 'added' : mark === '−' ? 'removed' : ''} key={index}>
          <span class="mark">{mark}</span>
          {visible(text)}
          {'\n'}
        </span>
      ))}
    </pre>
  );
}
