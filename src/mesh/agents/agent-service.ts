/** One session as an instance of the NATS micro service `agents`: what it says of itself. Pure. */
import { AgentRefusal, maxPayload } from './agent-request.ts';

export const serviceName = 'agents';
/** How often an agent says that it is there. */
export const heartbeatEveryS = 30;

export interface Agent {
  /** Ours, of the session. */
  session: string;
  /** What it is called in subjects. */
  token: string;
  /** Of this instance; told in heartbeats too. */
  instance: string;
  /** ISO 8601. */
  started: string;
  stats: Record<'prompt' | 'status', EndpointStats>;
  /** Aborted when the session has ended. */
  gone: AbortController;
}

export interface EndpointStats {
  requests: number;
  errors: number;
  lastError: string;
  milliseconds: number;
}

export const noStats = (): Agent['stats'] => ({ prompt: none(), status: none() });
const none = (): EndpointStats => ({ requests: 0, errors: 0, lastError: '', milliseconds: 0 });

export function agentSubject(verb: 'prompt' | 'status' | 'hb', owner: string, token: string): string {
  return `agents.${verb}.cc.${owner}.${token}`;
}

/** What the micro service `agents` answers to `$SRV.<verb>`; undefined for a verb that it has not. */
export function serviceReply(
  verb: string,
  agent: Agent,
  of: { owner: string; version: string; mustSign: boolean },
): object | undefined {
  const { owner, version, mustSign } = of;
  const { token, instance, session, started, stats } = agent;
  const metadata = { agent: 'claude-code', owner, session: token, protocol_version: '0.3', claudex_id: session };
  const identity = { name: serviceName, id: instance, version, metadata };
  const endpoint = (name: 'prompt' | 'status') => ({
    name,
    subject: agentSubject(name, owner, token),
    queue_group: 'agents',
  });
  if (verb === 'PING') return { type: 'io.nats.micro.v1.ping_response', ...identity };
  if (verb === 'INFO')
    return {
      type: 'io.nats.micro.v1.info_response',
      ...identity,
      description: `Claude Code, session ${token} on ${owner}, by claudex`,
      endpoints: [
        {
          ...endpoint('prompt'),
          metadata: { max_payload: maxPayload, attachments_ok: 'false', min_sender_trust: mustSign ? 'signed' : 'any' },
        },
        { ...endpoint('status'), metadata: {} },
      ],
    };
  if (verb !== 'STATS') return undefined;
  const counted = (name: 'prompt' | 'status') => {
    const { requests, errors, lastError, milliseconds } = stats[name];
    const nanoseconds = Math.round(milliseconds * 1e6);
    return {
      ...endpoint(name),
      num_requests: requests,
      num_errors: errors,
      last_error: lastError,
      processing_time: nanoseconds,
      average_processing_time: requests === 0 ? 0 : Math.round(nanoseconds / requests),
    };
  };
  return {
    type: 'io.nats.micro.v1.stats_response',
    ...identity,
    started,
    endpoints: [counted('prompt'), counted('status')],
  };
}

/** A heartbeat, and the answer to `status`. */
export function heartbeat({ token, instance }: Agent, owner: string, ts: string): object {
  return { agent: 'claude-code', owner, session: token, instance_id: instance, ts, interval_s: heartbeatEveryS };
}

export function noSuchAgent(owner: string): AgentRefusal {
  return new AgentRefusal(404, 'not_found', `There is no such agent on ${owner} now.`);
}
