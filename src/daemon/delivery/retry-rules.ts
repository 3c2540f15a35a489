/** What follows a lease that ended without proof, though it may have put the message in all the same. Pure. */
import type { Message, Route } from '../../protocol/message.ts';
import { isSilentRoute } from './hook-claims.ts';

/** A message has so many tries that end unproven; then a person decides. */
const maxUnproven = 2;

/** What could have shown that the message went in. */
export interface Evidence {
  /** The session's hooks reach us: they tell of every prompt. */
  hooks: boolean;
  /** A transcript of the session was there to be searched. */
  transcript: boolean;
  /** Claude asks a person there before it takes the message. */
  asksPerson?: boolean;
}

/**
 * @param message leased by `route`; that lease has ended, and the search of the transcripts has found nothing
 * @returns why the message must not be tried again by itself; undefined when it may be, once
 */
export function stuckBecause(message: Message, route: Route, evidence: Evidence): string | undefined {
  const routes = [...(message.unproven ?? []).map((one) => one.route), route];
  const tried = routes.join(', then ');
  // a hook tells of prompts, not of what other hooks added to them
  const isProvable = evidence.transcript || (evidence.hooks && !isSilentRoute(route));
  if (evidence.asksPerson) return `put in by ${tried}, where a person is asked first; nobody knows what they said`;
  if (!isProvable) return `put in by ${tried}; nothing can show whether it arrived (no hooks, no transcript)`;
  return routes.length < maxUnproven ? undefined : `put in by ${tried}; claude never showed that it arrived`;
}

/** True while a lease has the message, or after one that ended unproven: else its mark is only quoted wherever it stands. */
export function mayBeIn({ state, unproven }: Message): boolean {
  return state === 'leased' || unproven !== undefined;
}
