/** Tokens, and cost where it is known, by session and day. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { tokensOf, type UsageSum } from '../../../protocol/usage.ts';
import { request, wordsOf } from '../api.ts';
import { cost, type SessionSum, tokens, UsageTable } from './usage-table.tsx';

interface Usage {
  days: (UsageSum & { day: string })[];
  sessions: SessionSum[];
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
            {one === '1d' ? '24 hours' : `${Number.parseInt(one, 10)} days`}
          </button>
        ))}
      </div>
      {problem.value !== '' && <p class="problem">{problem}</p>}
      {usage.value?.sessions.length === 0 && <p class="empty">Claude has used nothing in this time.</p>}
      {usage.value && usage.value.sessions.length > 0 && (
        <>
          <p class="usage-total">
            {tokens(tokensOf(usage.value.total))} tokens
            {usage.value.total.costUsd !== null && ` · ${cost(usage.value.total.costUsd)}`}
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
                  {one.costUsd !== null && ` · ${cost(one.costUsd)}`}
                </span>
              </li>
            ))}
          </ul>
          <UsageTable sessions={usage.value.sessions} />
        </>
      )}
    </main>
  );
}
