/** Which messages a hook's answer is to carry: one task and the notes beside it, in order, as many as fit. Pure. */
import { maxHookOutputChars } from '../claude/hook-payload.ts';
import { composeTexts } from '../delivery/attribution.ts';
import type { RouteDecision } from '../delivery/choose-route.ts';
import type { Message, Route } from '../protocol/message.ts';

/** What the choice asks of the desk. */
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
  // what an earlier hook carried is in claude's hands already; what is being typed or sent is not
  if (open.some((one) => one.state === 'leased' && !isHookRoute(one.route))) return undefined;
  // what an earlier hook carried may never have arrived (its process killed): nothing of its kind overtakes it
  const unproven = new Set(open.filter((one) => one.state === 'leased').map((one) => one.kind));
  const messages: Message[] = [];
  let route: Route | undefined;
  for (const message of open) {
    if (message.state !== 'queued' || (message.notBefore ?? 0) > now || unproven.has(message.kind)) continue;
    if (message.kind === 'task' && messages.some((one) => one.kind === 'task')) continue;
    // one task per turn: the one that this turn is for is in claude's hands
    if (message.kind === 'task' && message.when === 'idle' && open.some(isRunningTask)) break;
    if (message.attempts > 0 && questions.isIn(message)) continue;
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

/** True for the routes that a hook's answer carries; the transcript alone proves them. */
export function isHookRoute(route: Route | undefined): boolean {
  return route === 'turn-end' || route === 'next-prompt';
}

/** True for the task that the session's turn is for. */
export function isRunningTask(message: Message): boolean {
  return message.kind === 'task' && message.state === 'delivered';
}
