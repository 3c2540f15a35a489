/** Tokens, and cost where it is known, by session and day. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { request, wordsOf } from '../api.ts';

interface UsageSum {
  inputTokens: number;
  outputTokens: number;
  cacheReadTokens: number;
  cacheWriteTokens: number;
  costUsd: number | null;
}

interface Usage {
  days: (UsageSum & { day: string })[];
  sessions: (UsageSum & { sessionId: string; name?: string; cwd: string | null })[];
  total: UsageSum;
}

const spans = ['1d', '7d', '30d'] as const;

export function UsageView() {
  const usage = useSignal<Usage | null>(null);
  const since = useSignal<(typeof spans)[number]>('7d');
  const problem = useSignal('');
  useEffect(() => {
    const stop = new AbortController();
    request<Usage>('GET', `/usage?since=${since.value}`, undefined, { signal: stop.signal })
      .then((answer) => {
        usage.value = answer;
        problem.value = '';
      })
      .catch((error: unknown) => {
        if (!stop.signal.aborted) problem.value = wordsOf(error);
      });
    return () => stop.abort();
  }, [since.value]);
  const most = Math.max(1, ...(usage.value?.days ?? []).map(tokensOf));
  return (
    <main class="usage">
      <div class="tabs" role="tablist" aria-label="Since">
        {spans.map((one) => (
          <button
            type="button"
            role="tab"
            key={one}
            aria-selected={since.value === one}
            class={since.value === one ? 'tab current' : 'tab'}
            onClick={() => {
              since.value = one;
            }}
          >
            {one === '1d' ? 'Today' : `${Number.parseInt(one, 10)} days`}
          </button>
        ))}
      </div>
      {problem.value !== '' && <p class="problem">{problem}</p>}
      {usage.value && (
        <>
          <p class="usage-total">
            {tokens(tokensOf(usage.value.total))} tokens
            {usage.value.total.costUsd !== null && <> · ${usage.value.total.costUsd.toFixed(2)}</>}
          </p>
          <ul class="bars" aria-label="Tokens by day">
            {usage.value.days.map((one) => (
              <li key={one.day}>
                <span class="bar-day">{one.day}</span>
                <span class="bar">
                  <span style={{ width: `${(100 * tokensOf(one)) / most}%` }} />
                </span>
                <span class="bar-sum">
                  {tokens(tokensOf(one))}
                  {one.costUsd !== null && ` · $${one.costUsd.toFixed(2)}`}
                </span>
              </li>
            ))}
          </ul>
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
            <tbody>
              {usage.value.sessions.map((one) => (
                <tr key={one.sessionId}>
                  <td title={one.cwd ?? ''}>{one.name ?? one.cwd?.split('/').pop() ?? one.sessionId.slice(0, 8)}</td>
                  <td>{tokens(one.inputTokens + one.cacheWriteTokens)}</td>
                  <td>{tokens(one.cacheReadTokens)}</td>
                  <td>{tokens(one.outputTokens)}</td>
                  <td>{one.costUsd === null ? '' : `$${one.costUsd.toFixed(2)}`}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </>
      )}
    </main>
  );
}

function tokensOf(sum: UsageSum): number {
  return sum.inputTokens + sum.outputTokens + sum.cacheReadTokens + sum.cacheWriteTokens;
}

function tokens(count: number): string {
  if (count < 1000) return String(count);
  return count < 1_000_000 ? `${(count / 1000).toFixed(1)}k` : `${(count / 1_000_000).toFixed(1)}M`;
}
