/** One session: its terminal, its conversation, its queue, what it asks, and a box to send it something. */
import { request } from '../api.ts';
import type { Session } from '../api-types.ts';
import { readLists } from '../state/connection.ts';
import { isNarrow, isWide } from '../state/media.ts';
import { hasEnded, messagesOf } from '../state/messages.ts';
import { questionsOf } from '../state/questions.ts';
import { go, hashOf, type Tab, tabs } from '../state/route.ts';
import { displayName, hasTerminal, isRunning } from '../state/sessions.ts';
import { attempt, say } from '../state/toasts.ts';
import { TerminalView } from '../terminal/terminal-view.tsx';
import { Conversation } from './conversation.tsx';
import { QuestionCard } from './question-card.tsx';
import { Queue } from './queue.tsx';
import { SendBox } from './send-box.tsx';
import { StateDot, stateWord } from './state-dot.tsx';
import { shortFolder } from './words.ts';

const tabNames: Record<Tab, string> = { terminal: 'Terminal', conversation: 'Conversation', queue: 'Queue' };

export function SessionView({ session, tab }: { session: Session; tab: Tab }) {
  const questions = questionsOf(session.id);
  const waiting = messagesOf(session.id).filter((one) => !hasEnded(one)).length;
  const both = isWide.value && tab !== 'queue' && hasTerminal(session);
  const leave = (): void => document.querySelector<HTMLElement>('.tab.current')?.focus();
  const terminal = hasTerminal(session) ? (
    <TerminalView session={session} leave={leave} key={session.id} />
  ) : (
    <NoTerminal session={session} />
  );
  return (
    <main class="session">
      <header class="session-head">
        {isNarrow.value && (
          <a class="back" href="#/" aria-label="All sessions">
            ‹
          </a>
        )}
        <div class="session-name">
          <h1>
            <StateDot session={session} /> <span title={displayName(session)}>{displayName(session)}</span>
          </h1>
          <p title={session.cwd}>
            {session.waitingFor ?? stateWord(session)} · {shortFolder(session.cwd)}
          </p>
        </div>
        <Actions session={session} />
      </header>
      <div class="tabs" role="tablist" aria-label="Views of this session">
        {tabs.map((one) => (
          <a
            key={one}
            role="tab"
            aria-selected={one === tab}
            class={one === tab ? 'tab current' : 'tab'}
            href={hashOf({ view: 'session', id: session.id, tab: one })}
          >
            {tabNames[one]}
            {one === 'queue' && waiting > 0 && <span class="chip">{waiting}</span>}
          </a>
        ))}
      </div>
      <div class={both ? 'panes both' : 'panes'}>
        {(tab === 'terminal' || both) && terminal}
        {(tab === 'conversation' || both) && <Conversation session={session} />}
        {tab === 'queue' && <Queue session={session} />}
      </div>
      {questions[0] && <QuestionCard key={questions[0].id} question={questions[0]} more={questions.length - 1} />}
      <SendBox session={session} key={`send-${session.id}`} />
    </main>
  );
}

function NoTerminal({ session }: { session: Session }) {
  const text = isRunning(session)
    ? 'This session was started with bare claude: nobody but its own terminal can show its screen. Its conversation and its queue are here.'
    : `It is ${stateWord(session)}${session.waitingFor ? `: ${session.waitingFor}` : ''}. A message wakes one that sleeps.`;
  return (
    <div class="empty tall">
      <p>{text}</p>
      {!isRunning(session) && session.managed && (
        <button type="button" class="primary" onClick={() => void act(session, 'resume', 'It is on its way back.')}>
          Resume
        </button>
      )}
    </div>
  );
}

function Actions({ session }: { session: Session }) {
  if (!session.managed) return null;
  const running = isRunning(session);
  return (
    <div class="actions">
      {running ? (
        <>
          <button
            type="button"
            class="small"
            title="After its turn"
            onClick={() => void act(session, 'stop', 'It stops after its turn.')}
          >
            Stop
          </button>
          <button
            type="button"
            class="small"
            onClick={() => {
              if (confirm(`End ${session.name} now and start it again with its conversation?`))
                void act(session, 'restart', 'It is started again.');
            }}
          >
            Restart
          </button>
        </>
      ) : (
        <>
          <button type="button" class="small" onClick={() => void act(session, 'resume', 'It is on its way back.')}>
            Resume
          </button>
          <button
            type="button"
            class="small bad"
            onClick={() => {
              if (!confirm(`Forget ${session.name}? Its conversation stays claude’s.`)) return;
              void attempt(async () => {
                await request('DELETE', `/sessions/${encodeURIComponent(session.id)}`);
                await readLists();
                go({ view: 'home' });
              });
            }}
          >
            Forget
          </button>
        </>
      )}
    </div>
  );
}

async function act(session: Session, verb: 'stop' | 'resume' | 'restart', done: string): Promise<void> {
  await attempt(async () => {
    await request('POST', `/sessions/${encodeURIComponent(session.id)}/${verb}`);
    say(done);
    await readLists();
  });
}
