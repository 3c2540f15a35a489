/** All sessions, those that need somebody first. */
import type { Session } from '../api-types.ts';
import { connection } from '../state/connection.ts';
import { openQuestions } from '../state/questions.ts';
import { go, hashOf, route } from '../state/route.ts';
import { displayName, filter, groupNames, groups, loaded } from '../state/sessions.ts';
import { nextTheme, theme } from '../state/theme.ts';
import { StateDot, stateWord } from './state-dot.tsx';
import { ago, counted, shortFolder } from './words.ts';

const connectionWords = {
  connecting: 'Connecting…',
  live: 'Live',
  away: 'Away: trying again',
  unpaired: 'Not paired',
} as const;
const themeSigns = { system: '◐', light: '☀', dark: '☾' } as const;

export function Sidebar({ start, help, notify }: { start: () => void; help: () => void; notify: () => void }) {
  return (
    <nav class="sidebar" aria-label="Sessions">
      <header class="brand">
        <a href="#/" class="logo">
          <img src="/icon.svg" alt="" width="26" height="26" />
          claudex
        </a>
        <span class={`link ${connection.value}`} role="status" title={connectionWords[connection.value]}>
          {connection.value === 'live' ? <span class="unseen">Live</span> : connectionWords[connection.value]}
        </span>
        <button
          type="button"
          class="icon"
          title={`Theme: ${theme.value}`}
          aria-label={`Theme: ${theme.value}`}
          onClick={nextTheme}
        >
          {themeSigns[theme.value]}
        </button>
        <button type="button" class="icon" title="Keys and help (?)" aria-label="Keys and help" onClick={help}>
          ?
        </button>
      </header>
      <div class="find">
        <input
          id="filter"
          type="search"
          aria-label="Filter sessions"
          placeholder="Filter  /"
          value={filter.value}
          onInput={(event) => {
            filter.value = event.currentTarget.value;
          }}
          onKeyDown={(event) => {
            if (event.key === 'Escape') {
              filter.value = '';
              event.currentTarget.blur();
            }
          }}
        />
      </div>
      <div class="list">
        {!loaded.value && <p class="empty">Reading…</p>}
        {loaded.value && groups.value.length === 0 && (
          <p class="empty">{filter.value === '' ? 'No session yet.' : 'No session fits.'}</p>
        )}
        {groups.value.map(({ group, sessions }) => (
          <section key={group} class={`group ${group}`}>
            <h2>
              {groupNames[group]} <span class="count">{sessions.length}</span>
            </h2>
            <ul>
              {sessions.map((session) => (
                <Row key={session.id} session={session} />
              ))}
            </ul>
          </section>
        ))}
      </div>
      <footer class="places">
        <button type="button" class="primary" onClick={start} title="Start a session (n)">
          New session
        </button>
        <a class="place" href="#/wall" title="All terminals (w)">
          Wall
        </a>
        <a class="place" href="#/search" title="Search (s)">
          Search
        </a>
        <a class="place" href="#/usage" title="Tokens and cost (u)">
          Usage
        </a>
        <button type="button" class="place" onClick={notify} title="Tell me of questions">
          Notify
        </button>
      </footer>
    </nav>
  );
}

function Row({ session }: { session: Session }) {
  const at = route.value;
  const current = at.view === 'session' && at.id === session.id;
  const asks = openQuestions.value.filter((one) => one.session === session.id);
  const tab = at.view === 'session' ? at.tab : 'terminal';
  return (
    <li>
      <a
        class={current ? 'row current' : 'row'}
        href={hashOf({ view: 'session', id: session.id, tab })}
        aria-current={current ? 'page' : undefined}
        onClick={(event) => {
          event.preventDefault();
          go({ view: 'session', id: session.id, tab });
        }}
      >
        <StateDot session={session} />
        <span class="row-name">{displayName(session)}</span>
        <span class="row-marks">
          {asks.length > 0 && <span class="chip ask">?{asks.length}</span>}
          {session.stuck > 0 && <span class="chip ask">!{session.stuck}</span>}
          {session.pending > 0 && <span class="chip">{counted(session.pending, 'message')}</span>}
          {session.viewers > 0 && (
            <span class="chip" title="terminals that show it">
              {counted(session.viewers, 'viewer')}
            </span>
          )}
        </span>
        <span class="row-folder">{shortFolder(session.cwd)}</span>
        <span class="row-state">
          {asks[0]
            ? `asks: ${asks[0].kind === 'permission' ? asks[0].tool : asks[0].kind}`
            : (session.waitingFor ?? stateWord(session))}
          {' · '}
          {ago(session.lastActiveAt)}
        </span>
      </a>
    </li>
  );
}
