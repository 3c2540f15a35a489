/** Messages that are on their way, and the ends of those that this page has seen. */
import { signal } from '@preact/signals';
import type { Message } from '../api-types.ts';

const all = signal<ReadonlyMap<string, Message>>(new Map());
const maxKept = 500;

export function setMessages(list: readonly Message[]): void {
  const next = new Map(list.map((one) => [one.id, one]));
  // an end that came by an event stays to be read
  for (const one of all.value.values()) if (!next.has(one.id) && hasEnded(one)) next.set(one.id, one);
  all.value = next;
}

export function tookMessage(news: Message): void {
  const next = new Map(all.value).set(news.id, news);
  for (const [id, one] of next) {
    if (next.size <= maxKept) break;
    if (hasEnded(one)) next.delete(id);
  }
  all.value = next;
}

export function hasEnded({ state }: Message): boolean {
  return state === 'answered' || state === 'failed' || state === 'expired' || state === 'cancelled';
}

export function messagesOf(session: string): Message[] {
  return [...all.value.values()]
    .filter((one) => one.recipient.id === session)
    .sort((a, b) => b.acceptedAt - a.acceptedAt);
}
