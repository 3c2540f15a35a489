/**
 * Decides how a message goes into a session now, or why it waits. Pure: the only place that chooses.
 * Who speaks decides: the user is typed as the user, a session or program goes in as a peer.
 */
import type { Message, Route } from '../../protocol/message.ts';
import type { SessionState } from '../../protocol/session.ts';

/** What the daemon knows of the session at this moment. */
export interface SessionSituation {
  state: SessionState;
  /** A supervisor is connected and can be asked to type. */
  supervised: boolean;
  /** Milliseconds since the supervisor last refused and has not reported an open gate since; undefined when it has not. */
  gateShutForMs: number | undefined;
  /** Claude's own inbox socket. */
  hasInboxSocket: boolean;
  /** A waiter (asyncRewake hook) is connected. */
  hasWaiter: boolean;
  /** One is connected, or the Stop hook of the turn that the last one has started brings the next. */
  waiterComes: boolean;
  /** Hooks of this session have reached us. */
  hasHooks: boolean;
}

/** `now`: nothing special has happened. The others are hooks waiting for our answer. */
export type Moment = 'now' | 'prompt-hook' | 'stop-hook';

export type RouteDecision =
  | { route: Route }
  /** Ask again when something changes, at the latest after `retryInMs`. */
  | {
      wait: string;
      retryInMs?: number;
      /** Nothing goes on until a person does something at that session. */
      needsPerson?: boolean;
    };

export interface RoutePolicy {
  /** How long the gate may stay shut before another way is taken. */
  gatePatienceMs: number;
  /** Setting delivery.typePeers: a peer may be typed as the user. */
  typePeers: boolean;
}

export function chooseRoute(
  session: SessionSituation,
  message: Pick<Message, 'kind' | 'when' | 'sender' | 'forcedRoute'>,
  moment: Moment,
  policy: RoutePolicy,
): RouteDecision {
  const decision = choose(session, message, moment, policy);
  if (!message.forcedRoute || !('route' in decision) || decision.route === message.forcedRoute) return decision;
  return { wait: `only ${message.forcedRoute} may carry it` };
}

function choose(
  session: SessionSituation,
  message: Pick<Message, 'kind' | 'when' | 'sender' | 'forcedRoute'>,
  moment: Moment,
  policy: RoutePolicy,
): RouteDecision {
  if (session.state === 'gone') return { wait: 'the session has ended' };
  const forced = message.forcedRoute;
  const may = (route: Route): boolean => forced === undefined || forced === route;
  const canType = session.supervised && (message.sender.kind === 'user' || policy.typePeers) && may('paste');
  const canSocket = session.hasInboxSocket && may('inbox-socket');
  const canWake = (moment === 'stop-hook' ? session.waiterComes : session.hasWaiter) && may('wake');
  const hasBetterThanHook = canType || canSocket || canWake;

  if (moment === 'prompt-hook') {
    if (message.kind === 'note') return { route: 'next-prompt' };
    if (forced === 'next-prompt' || !hasBetterThanHook) return { route: 'next-prompt' };
    return { wait: 'the turn that has just begun' };
  }
  if (message.kind === 'note' && forced === undefined) return { wait: 'the next prompt' };
  if (moment === 'stop-hook') {
    if (forced === 'turn-end' || !hasBetterThanHook || (message.when === 'now' && !canSocket))
      return { route: 'turn-end' };
    return { wait: 'the prompt box' };
  }

  if (session.state === 'starting') return { wait: 'the session to start' };
  if (session.state === 'waiting') return { wait: 'a person to answer the session', needsPerson: true };
  if (session.state === 'busy') {
    if (message.when === 'now' && canSocket) return { route: 'inbox-socket' };
    return { wait: 'the end of the turn' };
  }
  if (canType) {
    const shutFor = session.gateShutForMs;
    if (shutFor === undefined) return { route: 'paste' };
    // without another way in, the supervisor's word that the box is free again is what ends the wait
    if (!canSocket && !canWake) return { wait: 'an empty prompt box' };
    if (shutFor < policy.gatePatienceMs) {
      return { wait: 'an empty prompt box', retryInMs: policy.gatePatienceMs - shutFor };
    }
  }
  if (canSocket) return { route: 'inbox-socket' };
  if (canWake) return { route: 'wake' };
  return { wait: session.hasHooks ? 'the next prompt' : 'a way in (the session reports nothing)', needsPerson: true };
}
