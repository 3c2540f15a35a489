/**
 * The one stream of events: opened again by itself after a sleep, a restart of the daemon or of the server, and after each gap the
 * lists are read anew, because events may have been missed.
 */
import { signal } from '@preact/signals';
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

/** Reads the lists; asked for while it reads, it reads once more. */
export function readLists(): Promise<void> {
  if (reading) {
    readAgain = true;
    return reading;
  }
  const run = async (): Promise<void> => {
    do {
      readAgain = false;
      const [{ sessions }, { questions }, { messages }] = await Promise.all([
        request<{ sessions: Session[] }>('GET', '/sessions'),
        request<{ questions: Question[] }>('GET', '/questions').catch(none({ questions: [] })),
        request<{ messages: Message[] }>('GET', '/messages?ended=100').catch(none({ messages: [] })),
      ]);
      setSessions(sessions);
      setQuestions(questions);
      setMessages(messages);
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
  mine.addEventListener('session', (event) => tookSession(dataOf<{ session: Session }>(event).session));
  mine.addEventListener('session_removed', (event) => removeSession(dataOf<{ id: string }>(event).id));
  mine.addEventListener('managed', reread);
  mine.addEventListener('message', (event) => {
    const { message } = dataOf<{ message?: Message }>(event);
    if (message) tookMessage(message);
  });
  mine.addEventListener('question', (event) => tookQuestion(dataOf<{ question: Question }>(event).question));
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
  return JSON.parse((event as MessageEvent<string>).data) as Data;
}

function lost(error?: unknown): void {
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

/** Coming back to the tab, or back online, does not wait for the pause to end. */
export function connectOnReturn(): void {
  const retry = (): void => {
    if (connection.value === 'away' && document.visibilityState === 'visible') {
      pauseMs = firstPauseMs;
      void tryAgain();
    }
  };
  addEventListener('online', retry);
  addEventListener('offline', () => lost());
  document.addEventListener('visibilitychange', retry);
}
