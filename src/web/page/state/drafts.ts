/** What stands in a session's send box, and what has been sent from here: kept in this browser, so that no reload loses it. */
import { type Signal, signal } from '@preact/signals';
import { keep, keptJson, readKept } from './kept.ts';

const maxSent = 100;
const open = new Map<string, Signal<string>>();

export function draftOf(session: string): Signal<string> {
  let draft = open.get(session);
  if (!draft) {
    draft = signal(readKept(`draft:${session}`) ?? '');
    draft.subscribe((text) => keep(`draft:${session}`, text === '' ? null : text));
    open.set(session, draft);
  }
  return draft;
}

/** Newest last. */
export function sentTexts(): string[] {
  return keptJson<string[]>('sent', []).filter((one) => typeof one === 'string');
}

export function remember(text: string): void {
  const sent = sentTexts().filter((one) => one !== text);
  keep('sent', JSON.stringify([...sent, text].slice(-maxSent)));
}
