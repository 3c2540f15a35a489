/** What happens on another machine, as its daemon would tell it: server-sent events of the web API, read to their end. */
import type { EventStream } from '../daemon-client/client.ts';
import type { AnySession } from '../daemon-client/every-session.ts';
import type { ClaudexError } from '../errors/claudex-error.ts';
import { isSettled, type Message } from '../protocol/message.ts';
import type { Question } from '../protocol/question.ts';
import type { DaemonEvent } from '../protocol/wire.ts';
import type { FarApi } from './far-api.ts';
import { recordOfSession } from './record-of-session.ts';

interface Told {
  session: AnySession;
  message: Message;
  question: Question;
  id: string;
}

/** Ends when the line does, or when events may have been missed: whoever reads on reads everything anew. @throws ClaudexError as FarApi.ask */
export async function farEvents(api: FarApi): Promise<EventStream<DaemonEvent>> {
  const response = await api.open('GET', '/events', { headers: { accept: 'text/event-stream' } });
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  return {
    [Symbol.asyncIterator]: () => daemonEvents(api, reader),
    close: () => void reader.cancel().catch(() => undefined), // it has ended by itself
  };
}

async function* daemonEvents(
  api: FarApi,
  reader: ReadableStreamDefaultReader<Uint8Array>,
): AsyncGenerator<DaemonEvent> {
  try {
    for await (const { name, data } of serverSentEvents(reader)) {
      if (name === 'resync') return;
      const told = JSON.parse(data) as Told;
      const event = await eventOf(api, name, told);
      if (event) yield event;
      const managed = event?.type === 'session' ? recordOfSession(told.session) : undefined;
      if (managed) yield { type: 'managed', managed };
    }
  } finally {
    await reader.cancel().catch(() => undefined); // it has ended by itself
  }
}

/** The name and the data of each. A line that breaks is an end. */
export async function* serverSentEvents(
  reader: Pick<ReadableStreamDefaultReader<Uint8Array>, 'read'>,
): AsyncGenerator<{ name: string; data: string }> {
  const decoder = new TextDecoder();
  let rest = '';
  for (;;) {
    const read = await reader.read().catch(() => undefined);
    if (read?.value === undefined) return;
    rest += decoder.decode(read.value, { stream: true });
    const events = rest.split('\n\n');
    rest = events.pop()!;
    for (const one of events) {
      const fields = one.split('\n').map((line) => /^(\w+): ?(.*)$/.exec(line) ?? []);
      const all = (field: string): string[] => fields.flatMap(([, key, value]) => (key === field ? [value!] : []));
      const data = all('data');
      if (data.length > 0) yield { name: all('event')[0] ?? 'message', data: data.join('\n') };
    }
  }
}

async function eventOf(api: FarApi, name: string, told: Told): Promise<DaemonEvent | undefined> {
  if (name === 'hello') return { type: 'hello' };
  if (name === 'session') return { type: 'session', session: told.session };
  if (name === 'session_removed') return { type: 'managed-forgotten', id: told.id };
  if (name === 'question') return { type: 'question', question: told.question };
  if (name === 'message') return { type: 'message', message: await whole(api, told.message) };
  return undefined; // of a newer claudex, or of no use to a command
}

/** Events have the beginnings of texts; an answer is wanted whole. */
async function whole(api: FarApi, message: Message): Promise<Message> {
  if (!isSettled(message.state)) return message;
  try {
    return await api.ask<Message>('GET', `/messages/${encodeURIComponent(message.id)}`);
  } catch (error) {
    if ((error as ClaudexError).code === 'NO_SUCH_MESSAGE') return message; // forgotten since
    throw error;
  }
}
