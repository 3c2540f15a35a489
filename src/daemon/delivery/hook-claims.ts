/**
 * Which messages a hook's answer is to carry: one task and the notes beside it, in order, as many as fit. And which ones a
 * session takes that reads its inbox. Pure.
 */
import { maxHookOutputChars } from '../../claude/hooks/hook-payload.ts';
import { composeTexts } from '../../protocol/attribution.ts';
import { type Message, maxDrainChars, type Route } from '../../protocol/message.ts';
import type { RouteDecision } from './choose-route.ts';

/** What the choice asks of the dispatcher. */
export interface HookQuestions {
  decide(message: Message): RouteDecision;
  /** True when an earlier try did put it in after all. */
  isIn(message: Message): boolean;
}

/**
 * @param open the session's open messages, oldest first
 * @param now milliseconds since the epoch
 * @returns what to lease to the hook, and by which route; undefined for nothing
 */
export function claimsForHook(
  open: readonly Message[],
  now: number,
  questions: HookQuestions,
): { messages: Message[]; route: Route } | undefined {
  // a paste or a socket write is still under way: nothing may overtake it. What an earlier hook carried has been handed over.
  if (open.some((one) => one.state === 'leased' && !isSilentRoute(one.route))) return undefined;
  // A hook may have been killed before it printed its answer. Until its message is proven, no message of that kind overtakes it.
  const unproven = new Set(open.filter((one) => one.state === 'leased').map((one) => one.kind));
  const messages: Message[] = [];
  let route: Route | undefined;
  for (const message of open) {
    if (message.state !== 'queued' || (message.notBefore ?? 0) > now || unproven.has(message.kind)) continue;
    if (message.kind === 'task' && messages.some((one) => one.kind === 'task')) continue;
    // one task per turn: the one that this turn is for is in claude's hands
    if (message.kind === 'task' && message.when === 'idle' && open.some(isRunningTask)) break;
    if (message.unproven !== undefined && questions.isIn(message)) continue;
    const decision = questions.decide(message);
    if ('wait' in decision) {
      if (message.kind === 'task') break;
      continue;
    }
    // one too many for a hook's answer, even as a pointer: the next hook carries it
    if (composeTexts([...messages, message], maxHookOutputChars).length > maxHookOutputChars) break;
    route = decision.route;
    messages.push(message);
  }
  return route === undefined ? undefined : { messages, route };
}

/**
 * @param open the session's open messages, oldest first
 * @param now milliseconds since the epoch
 * @param isIn true when an earlier try did put it in after all
 * @returns what to lease to the reader
 */
export function claimsForReader(open: readonly Message[], now: number, isIn: (message: Message) => boolean): Message[] {
  // what is on its way in by another route comes first
  if (open.some((one) => one.state === 'leased')) return [];
  const taken: Message[] = [];
  for (const message of open) {
    if (message.state !== 'queued' || (message.notBefore ?? 0) > now) continue;
    if ((message.forcedRoute ?? 'inbox-read') !== 'inbox-read') continue;
    if (message.unproven !== undefined && isIn(message)) continue;
    // one too many for a tool's result: the next reading takes it
    if (taken.length > 0 && composeTexts([...taken, message], Number.POSITIVE_INFINITY).length > maxDrainChars) break;
    taken.push(message);
  }
  return taken;
}

/** True for the routes that nobody reports: the transcript alone proves them. */
export function isSilentRoute(route: Route | undefined): boolean {
  return route === 'turn-end' || route === 'next-prompt' || route === 'inbox-read';
}

/** True for the task that the session's turn is for. */
export function isRunningTask(message: Message): boolean {
  return message.kind === 'task' && message.state === 'delivered';
}
