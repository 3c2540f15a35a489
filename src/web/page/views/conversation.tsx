/** A session's conversation as turns to read. */
import { useSignal } from '@preact/signals';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { promptParts } from '../../prompt-parts.ts';
import { ApiFailure, request, wordsOf } from '../api.ts';
import type { Session, Step, Turn } from '../api-types.ts';
import { Markdown } from './markdown.tsx';
import { ToolCall } from './tool-call.tsx';
import { ago, visible } from './words.ts';

const firstTurns = 20;
const moreTurns = 50;
/** While claude works, its turn is read again this often; after that twice more, because its last words are written when it has said that it is idle. */
const readAgainMs = 2000;

const origins: Partial<Record<Turn['origin'], string>> = {
  peer: 'another session',
  program: 'a program',
  notification: 'claude’s own news',
  command: 'command',
};
const outcomes: Partial<Record<Turn['outcome'], string>> = {
  interrupted: 'Interrupted.',
  failed: 'The API gave an error.',
};

export function Conversation({ session }: { session: Session }) {
  const turns = useSignal<Turn[] | null>(null);
  const wanted = useSignal(firstTurns);
  const problem = useSignal('');
  const place = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);

  useEffect(() => {
    const stop = new AbortController();
    let timer: ReturnType<typeof setTimeout>;
    let looksLeft = 2;
    const read = async (): Promise<void> => {
      try {
        const path = `/sessions/${encodeURIComponent(session.id)}/history?last=${wanted.value}`;
        const answer = await request<{ turns: Turn[] }>('GET', path, undefined, { signal: stop.signal });
        turns.value = answer.turns;
        problem.value = '';
      } catch (error) {
        if (stop.signal.aborted) return;
        problem.value = error instanceof ApiFailure && error.code === 'NO_SUCH_CONVERSATION' ? '' : wordsOf(error);
        turns.value ??= [];
      }
      if (session.state === 'busy' || session.state === 'waiting' || looksLeft-- > 0)
        timer = setTimeout(() => void read(), readAgainMs);
    };
    void read();
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [session.id, session.state, session.lastActiveAt, wanted.value]);

  useLayoutEffect(() => {
    if (place.current && atEnd.current) place.current.scrollTop = place.current.scrollHeight;
  }, [turns.value]);

  const list = turns.value;
  return (
    <div
      class="conversation"
      ref={place}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and the keyboard must reach what scrolls
      tabIndex={0}
      role="log"
      aria-label={`Conversation of ${session.name}`}
      onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => {
        atEnd.current = scrollHeight - scrollTop - clientHeight < 40;
      }}
    >
      {problem.value !== '' && <p class="problem">{problem}</p>}
      {list === null && <p class="empty">Reading…</p>}
      {list?.length === 0 && problem.value === '' && <p class="empty">Nothing was said here yet.</p>}
      {list && list.length >= wanted.value && (list[0]?.index ?? 1) > 1 && (
        <button
          type="button"
          class="earlier"
          onClick={() => {
            atEnd.current = false;
            wanted.value += moreTurns;
          }}
        >
          Earlier turns
        </button>
      )}
      {list?.map((turn) => (
        <TurnView key={turn.index} turn={turn} />
      ))}
    </div>
  );
}

function TurnView({ turn }: { turn: Turn }) {
  const origin = origins[turn.origin];
  const { from, text } = promptParts(turn.prompt);
  return (
    <article class="turn">
      {turn.compactedBefore && <p class="compacted">Earlier turns were compacted here.</p>}
      <div class={`prompt ${turn.origin}`}>
        <p class="prompt-head">
          {origin ?? 'you'}
          <time dateTime={turn.startedAt ?? ''}>{ago(turn.startedAt)}</time>
        </p>
        <p class="prompt-text">{visible(text)}</p>
        {from !== '' && <p class="prompt-from">from {visible(from)}</p>}
      </div>
      {turn.steps.map((step, index) => (
        <StepView key={index} step={step} />
      ))}
      {outcomes[turn.outcome] && <p class="outcome">{outcomes[turn.outcome]}</p>}
    </article>
  );
}

function StepView({ step }: { step: Step }) {
  if (step.kind === 'text') return <Markdown text={step.text} />;
  if (step.kind === 'tool') return <ToolCall tool={step} />;
  return (
    <details class="added">
      <summary>
        added by {step.by === 'queue' ? 'a queued prompt' : step.by === 'hook' ? 'a hook' : 'a command'}
      </summary>
      <pre class="code">{visible(step.text)}</pre>
    </details>
  );
}
