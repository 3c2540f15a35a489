/**
 * The one stream of events: opened again by itself after a sleep, a restart of the daemon or of the server, and after each gap the
 * lists are read anew, because events may have been missed.
 */
import { signal } from '@preact/signals';
import { ReadBesideNews } from '../../../process/read-beside-news.ts';
import { ApiFailure, request } from '../api.ts';
import type { Message, Question, Session } from '../api-types.ts';
import { setMessages, tookMessage } from './messages.ts';
import { setQuestions, tookQuestion } from './questions.ts';
import { removeSession, setSessions, tookSession } from './sessions.ts';

/** `unpaired`: this browser has no right to look. */
export type Connection = 'connecting' | 'live' | 'away' | 'unpaired';

export const connection = signal<Connection>('connecting');
const firstPauseMs = 500;
const longestPauseMs = 10_000;

let stream: EventSource | undefined;
let pauseMs = firstPauseMs;
let timer: ReturnType<typeof setTimeout> | undefined;
let reading: Promise<void> | undefined;
let readAgain = false;
const lists = new ReadBesideNews();

/** Reads the lists; asked for while it reads, it reads once more. */
export function readLists(): Promise<void> {
  if (reading) {
    readAgain = true;
    return reading;
  }
  const run = async (): Promise<void> => {
    do {
      readAgain = false;
      await lists.read(
        () =>
          Promise.all([
            request<{ sessions: Session[] }>('GET', '/sessions'),
            request<{ questions: Question[] }>('GET', '/questions').catch(none({ questions: [] })),
            request<{ messages: Message[] }>('GET', '/messages?ended=100').catch(none({ messages: [] })),
          ]),
        ([{ sessions }, { questions }, { messages }]) => {
          setSessions(sessions);
          setQuestions(questions);
          setMessages(messages);
        },
      );
    } while (readAgain);
  };
  reading = run().finally(() => {
    reading = undefined;
  });
  return reading;
}

/** A browser that may not read one of the lists, or a server that has none, shows the others. */
function none<Value>(value: Value): (error: unknown) => Value {
  return (error) => {
    if (error instanceof ApiFailure && (error.status === 403 || error.status === 404)) return value;
    throw error;
  };
}

export function connect(): void {
  clearTimeout(timer);
  stream?.close();
  const mine = new EventSource('/api/v1/events');
  stream = mine;
  const reread = (): void => void readLists().catch(lost);
  mine.addEventListener('open', () => {
    readLists()
      .then(() => {
        if (stream !== mine) return;
        pauseMs = firstPauseMs;
        connection.value = 'live';
      })
      .catch(lost);
  });
  const on = <Data>(name: string, took: (data: Data) => void): void =>
    mine.addEventListener(name, (event) => {
      const data = dataOf<Data>(event);
      lists.news(() => took(data));
    });
  on<{ session: Session }>('session', ({ session }) => tookSession(session));
  on<{ id: string }>('session_removed', ({ id }) => removeSession(id));
  on<{ message?: Message }>('message', ({ message }) => {
    if (message) tookMessage(message);
  });
  on<{ question: Question }>('question', ({ question }) => tookQuestion(question));
  mine.addEventListener('managed', reread);
  mine.addEventListener('resync', reread);
  // the server is there and its daemon is not, for a moment
  mine.addEventListener('daemon', (event) => {
    if (dataOf<{ state: 'up' | 'down' }>(event).state === 'down') connection.value = 'away';
    else
      void readLists()
        .then(() => {
          if (stream === mine) connection.value = 'live';
        })
        .catch(lost);
  });
  mine.addEventListener('error', () => {
    if (stream === mine) lost();
  });
}

function dataOf<Data>(event: Event): Data {
  return JSON.parse((event as Event & { data: string }).data) as Data;
}

/** There is no network, or what was asked for did not come. */
export function lost(error?: unknown): void {
  if (error instanceof ApiFailure && error.status === 401) {
    unpaired();
    return;
  }
  stream?.close();
  stream = undefined;
  if (connection.value === 'live') connection.value = 'away';
  clearTimeout(timer);
  timer = setTimeout(() => void tryAgain(), pauseMs);
  pauseMs = Math.min(pauseMs * 2, longestPauseMs);
}

/** An event stream does not say why it was refused: an ordinary request does. */
async function tryAgain(): Promise<void> {
  try {
    await request('GET', '/health');
    connect();
  } catch (error) {
    if (connection.value === 'connecting') connection.value = 'away';
    lost(error);
  }
}

function unpaired(): void {
  stream?.close();
  stream = undefined;
  clearTimeout(timer);
  connection.value = 'unpaired';
}

/** Does not wait for the pause to end. */
export function retryNow(): void {
  if (connection.value !== 'away') return;
  pauseMs = firstPauseMs;
  void tryAgain();
}
