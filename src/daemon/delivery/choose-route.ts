/**
 * Decides how a message goes into a session now, or why it waits. Pure: the only place that chooses.
 * Who speaks decides: the user is typed as the user, a session or program goes in as a peer.
 */
import type { Message, Route } from '../../protocol/message.ts';
import type { SessionState } from '../../protocol/session.ts';

/** What the daemon knows of the session at this moment. */
export interface SessionSituation {
  state: SessionState;
  /** It was asked to end (to sleep, to stop, to start anew), now or after its turn: what still goes in may find no answer. */
  isEnding: boolean;
  /** A supervisor is connected and can be asked to type. */
  supervised: boolean;
  /** For how long its supervisor, which is away, is still waited for; undefined when none is. */
  supervisorDueInMs: number | undefined;
  /** Milliseconds since the supervisor saw that nobody types and no draft stands there; undefined when it has not. */
  gateOpenForMs: number | undefined;
  /** Milliseconds since the supervisor last refused and has not reported an open gate since; undefined when it has not. */
  gateShutForMs: number | undefined;
  /** Claude's own inbox socket. */
  hasInboxSocket: boolean;
  /** What comes by that socket opens a dialog: a person there has to agree (permission mode bypassPermissions). */
  holdsPeers: boolean;
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
      /** The supervisor is to say when nobody types there. */
      asksGate?: boolean;
      /** No way in is on offer. */
      noWay?: boolean;
    };

/** What of a message the choice goes by. */
export type Choosable = Pick<Message, 'kind' | 'when' | 'sender' | 'forcedRoute' | 'unproven' | 'recipient'>;

export interface RoutePolicy {
  /** How long the gate may stay shut before another way is taken. */
  gatePatienceMs: number;
  /** Setting delivery.typePeers: a peer may be typed as the user. */
  typePeers: boolean;
}

/** A word about the gate is good for so long: what has been typed since is unknown. */
const gateWordMs = 1000;

/** By another way than the one that could not be proven, where there is another; else by that one, once more. */
export function chooseRoute(
  session: SessionSituation,
  message: Choosable,
  moment: Moment,
  policy: RoutePolicy,
): RouteDecision {
  const here = message.unproven?.filter((one) => one.session === message.recipient.id) ?? [];
  const tried = here.map((one) => one.route);
  const other = choose(session, message, moment, policy, tried);
  const decision =
    tried.length > 0 && 'wait' in other && other.noWay ? choose(session, message, moment, policy, []) : other;
  if (!message.forcedRoute || !('route' in decision) || decision.route === message.forcedRoute) return decision;
  return { wait: `only ${message.forcedRoute} may carry it` };
}

function choose(
  session: SessionSituation,
  message: Choosable,
  moment: Moment,
  policy: RoutePolicy,
  tried: readonly Route[],
): RouteDecision {
  if (session.state === 'gone') return { wait: 'the session has ended' };
  if (session.isEnding) return { wait: 'the session to end: it was asked to' };
  const forced = message.forcedRoute;
  const may = (route: Route): boolean => (forced === undefined || forced === route) && !tried.includes(route);
  const mayType = (message.sender.kind === 'user' || policy.typePeers) && may('paste');
  const canType = session.supervised && mayType;
  const typesSoon = mayType && session.supervisorDueInMs !== undefined;
  // what may be typed comes up in no dialog of claude's: it waits for the box
  const isTyped = session.holdsPeers && (message.sender.kind === 'user' || policy.typePeers) && session.supervised;
  const canSocket = session.hasInboxSocket && may('inbox-socket') && (!isTyped || forced === 'inbox-socket');
  const canWake = (moment === 'stop-hook' ? session.waiterComes : session.hasWaiter) && may('wake');
  const hasBetterThanHook = canType || typesSoon || canSocket || canWake;

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
  const bySocket: RouteDecision = isSafeToAsk(session)
    ? { route: 'inbox-socket' }
    : { wait: 'an empty prompt box (claude is to ask the person there)', asksGate: true };
  if (session.state === 'busy') {
    if (message.when === 'now' && canSocket) return bySocket;
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
  if (typesSoon) return { wait: 'its claudex to connect again', retryInMs: session.supervisorDueInMs! };
  if (canSocket) return bySocket;
  if (canWake) return { route: 'wake' };
  const wait = session.hasHooks ? 'the next prompt' : 'a way in (the session reports nothing)';
  return { wait, needsPerson: true, noWay: true };
}

/** No dialog opens in a person's typing, as far as that can be known: a bare session has nobody who looks. */
function isSafeToAsk({ holdsPeers, supervised, gateOpenForMs }: SessionSituation): boolean {
  return !holdsPeers || !supervised || (gateOpenForMs !== undefined && gateOpenForMs <= gateWordMs);
}
