/** What sessions ask a person at this moment. */
import { computed, signal } from '@preact/signals';
import type { Question } from '../api-types.ts';

const all = signal<ReadonlyMap<string, Question>>(new Map());

export const openQuestions = computed(() =>
  [...all.value.values()]
    .filter(({ state }) => state === 'open')
    .sort((a, b) => new Date(a.askedAt).getTime() - new Date(b.askedAt).getTime()),
);

/** Told of each question that is new to this page, once. */
export const newcomers = signal<Question | null>(null);
const seen = new Set<string>();

export function setQuestions(list: readonly Question[]): void {
  for (const one of list) saw(one);
  all.value = new Map(list.map((one) => [one.id, one]));
}

export function tookQuestion(news: Question): void {
  saw(news);
  all.value = new Map(all.value).set(news.id, news);
}

function saw(question: Question): void {
  if (question.state !== 'open' || seen.has(question.id)) return;
  seen.add(question.id);
  newcomers.value = question;
}

export function questionsOf(session: string): Question[] {
  return openQuestions.value.filter((one) => one.session === session);
}
