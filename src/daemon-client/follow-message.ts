/** Waits for what becomes of messages, across restarts of the daemon, with progress for whoever waits. */
import { ClaudexError } from '../errors/claudex-error.ts';
import { isSettled, type Message } from '../protocol/message.ts';
import type { Question } from '../protocol/question.ts';
import type { SessionRecord } from '../protocol/session.ts';
import type { DaemonClient } from './client.ts';
import { ensureDaemon } from './ensure-daemon.ts';

/** setTimeout takes no more, and what is longer for 1 ms: 24 days. */
const longestTimerMs = 2 ** 31 - 1;

export interface FollowOptions {
  env: NodeJS.ProcessEnv;
  /** Undefined waits for ever. */
  timeoutMs?: number;
  /** Stops the waiting, as a timeout does. */
  signal?: AbortSignal;
  /** Give up (exit 6) as soon as the session waits for a person. */
  failOnPermission: boolean;
  onProgress: (text: string) => void;
  /** Claude asks something in that session, which the message waits for or comes after. Once for each question. */
  onQuestion?: (question: Question) => void;
}

/**
 * Resolves with the message once it is answered.
 * @throws ClaudexError WAIT_TIMED_OUT, NEEDS_PERSON, MESSAGE_STUCK, MESSAGE_FAILED (failed, expired or cancelled)
 */
export async function followMessage(client: DaemonClient, id: string, options: FollowOptions): Promise<Message> {
  const stop = new AbortController();
  const timer =
    options.timeoutMs === undefined
      ? undefined
      : setTimeout(() => stop.abort(), Math.min(options.timeoutMs, longestTimerMs));
  const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal;
  try {
    return await follow(client, id, options, signal);
  } finally {
    clearTimeout(timer);
  }
}

async function follow(first: DaemonClient, id: string, options: FollowOptions, signal: AbortSignal): Promise<Message> {
  let client = first;
  let said = '';
  const say = (text: string): void => {
    if (text !== said) options.onProgress(text);
    said = text;
  };
  const asked = new Set<string>();
  const sayAsked = (question: Question, session: string | null): void => {
    if (question.session !== session || question.state !== 'open' || asked.has(question.id)) return;
    asked.add(question.id);
    options.onQuestion?.(question);
  };
  while (!signal.aborted) {
    const events = await client.events();
    const close = (): void => events.close();
    signal.addEventListener('abort', close, { once: true });
    if (signal.aborted) close();
    try {
      let message = await client.message(id);
      const look = (session: SessionRecord | undefined): Message | undefined => {
        if (isSettled(message.state)) return settle(message);
        say(progressText(message, session));
        if (options.failOnPermission && session?.state === 'waiting') {
          throw new ClaudexError(
            'NEEDS_PERSON',
            `${session.alias ?? session.name} (${session.id}) waits: ${session.waitingFor ?? 'dialog'}.`,
          );
        }
        return undefined;
      };
      const now = look((await client.sessions()).find((one) => one.id === message.recipient.id));
      if (now) return now;
      for (const question of options.onQuestion ? await client.questions() : [])
        sayAsked(question, message.recipient.id);
      for await (const event of events) {
        if (event.type === 'question') sayAsked(event.question, message.recipient.id);
        let session: SessionRecord | undefined;
        if (event.type === 'message' && event.message.id === id) message = event.message;
        else if (event.type === 'session' && event.session.id === message.recipient.id) session = event.session;
        else continue;
        const done = look(session);
        if (done) return done;
      }
    } finally {
      signal.removeEventListener('abort', close);
      events.close();
    }
    // the daemon went away: the message is on disk, the next daemon knows it
    if (!signal.aborted) client = await ensureDaemon(options.env);
  }
  throw new ClaudexError('WAIT_TIMED_OUT', `Message ${id}.`);
}

function settle(message: Message): Message {
  if (message.state === 'answered') return message;
  throw new ClaudexError(
    message.state === 'stuck' ? 'MESSAGE_STUCK' : 'MESSAGE_FAILED',
    `Message ${message.id} is ${message.state}${message.reason ? `: ${message.reason}` : ''}.`,
  );
}

function progressText(message: Message, session: SessionRecord | undefined): string {
  if (session?.state === 'waiting') return `needs a person: ${session.waitingFor ?? 'dialog'}`;
  if (message.state === 'delivered') return `working (delivered by ${message.route})`;
  const { machine } = message.recipient;
  if (machine !== undefined) {
    const where = message.state === 'arrived' ? `at ${machine}` : `on its way to ${machine}`;
    return message.reason ? `${where} (${message.reason})` : where;
  }
  if (message.state === 'leased') return `delivering by ${message.route}`;
  return message.reason ? `queued (${message.reason})` : 'queued';
}
