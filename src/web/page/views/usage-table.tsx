/** Tokens and cost of each session, and of its turns for whoever presses it. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { UsageSum } from '../../../protocol/usage.ts';
import { request, wordsOf } from '../api.ts';

/** That of one conversation. */
export type SessionSum = UsageSum & { sessionId: string; name?: string; cwd: string | null };

export function UsageTable({ sessions }: { sessions: readonly SessionSum[] }) {
  const chosen = useSignal<string | null>(null);
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">Session</th>
          <th scope="col">In</th>
          <th scope="col">Cached</th>
          <th scope="col">Out</th>
          <th scope="col">Cost</th>
        </tr>
      </thead>
      {sessions.map((one) => {
        const isOpen = chosen.value === one.sessionId;
        return (
          <tbody key={one.sessionId}>
            <tr>
              <th scope="row" title={one.cwd ?? ''}>
                <button
                  type="button"
                  class="more"
                  aria-expanded={isOpen}
                  onClick={() => {
                    chosen.value = isOpen ? null : one.sessionId;
                  }}
                >
                  {one.name ?? one.cwd?.split('/').pop() ?? one.sessionId.slice(0, 8)}
                </button>
              </th>
              <Cells sum={one} />
            </tr>
            {isOpen && <Turns sessionId={one.sessionId} />}
          </tbody>
        );
      })}
    </table>
  );
}

function Turns({ sessionId }: { sessionId: string }) {
  const turns = useSignal<(UsageSum & { turn: number })[] | null>(null);
  const problem = useSignal('');
  useEffect(() => {
    const stop = new AbortController();
    const path = `/usage?session=${encodeURIComponent(sessionId)}`;
    request<{ turns: (UsageSum & { turn: number })[] }>('GET', path, undefined, { signal: stop.signal })
      .then((answer) => {
        turns.value = answer.turns;
      })
      .catch((error: unknown) => {
        if (!stop.signal.aborted) problem.value = wordsOf(error);
      });
    return () => stop.abort();
  }, [sessionId]);
  if (problem.value !== '' || turns.value === null) {
    return (
      <tr>
        <td colSpan={5}>{problem.value || 'Reading…'}</td>
      </tr>
    );
  }
  return (
    <>
      {turns.value.map((one) => (
        <tr key={one.turn} class="of-turn">
          <td>turn {one.turn}</td>
          <Cells sum={one} />
        </tr>
      ))}
    </>
  );
}

function Cells({ sum }: { sum: UsageSum }) {
  return (
    <>
      <td>{tokens(sum.inputTokens + sum.cacheWriteTokens)}</td>
      <td>{tokens(sum.cacheReadTokens)}</td>
      <td>{tokens(sum.outputTokens)}</td>
      <td>{sum.costUsd === null ? '–' : cost(sum.costUsd)}</td>
    </>
  );
}

export function tokens(count: number): string {
  if (count < 1000) return String(count);
  return count < 1_000_000 ? `${(count / 1000).toFixed(1)}k` : `${(count / 1_000_000).toFixed(1)}M`;
}

/** To the cent; of what is less, that it is. */
export function cost(usd: number): string {
  return usd > 0 && usd < 0.005 ? '<$0.01' : `$${usd.toFixed(2)}`;
}
