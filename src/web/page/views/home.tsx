/** What is shown while no session is chosen: who asks, or how to begin. */
import { openQuestions } from '../state/questions.ts';
import { hashOf } from '../state/route.ts';
import { loaded, shownSessions } from '../state/sessions.ts';
import { QuestionCard } from './question-card.tsx';

export function Home({ start }: { start: () => void }) {
  const questions = openQuestions.value;
  return (
    <main class="home">
      {questions.length > 0 && (
        <>
          <h1>
            {questions.length === 1 ? 'One question waits for you' : `${questions.length} questions wait for you`}
          </h1>
          {questions.map((question) => (
            <div class="home-question" key={question.id}>
              <QuestionCard question={question} more={0} />
              <a class="place" href={hashOf({ view: 'session', id: question.session, tab: 'terminal' })}>
                Open {question.name}
              </a>
            </div>
          ))}
        </>
      )}
      {questions.length === 0 && loaded.value && (
        <div class="welcome">
          <img src="/icon.svg" alt="" width="72" height="72" />
          <h1>{shownSessions.value.length === 0 ? 'No session yet' : 'Nobody waits for you'}</h1>
          <p>
            {shownSessions.value.length === 0
              ? 'Start one here, or type claudex in a terminal on this machine.'
              : 'Choose a session to see its terminal, or look at all of them at once.'}
          </p>
          <p class="answers">
            <button type="button" class="primary" onClick={start}>
              New session
            </button>
            <a class="place" href="#/wall">
              Wall
            </a>
          </p>
        </div>
      )}
    </main>
  );
}
