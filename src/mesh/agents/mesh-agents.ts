/**
 * With `mesh.agents`, each session of this machine is also an instance of the NATS micro service `agents`, as the Synadia Agent Protocol
 * has it: other programs find it, prompt it, and hear that it is there.
 */
import { createInbox, type Msg, type NatsConnection, nuid, type Subscription } from '@nats-io/transport-node';
import { packageVersion } from '../../home/package.ts';
import type { Clock } from '../../process/clock.ts';
import type { SessionRecord } from '../../protocol/session.ts';
import { AskLimits } from '../asks/ask-limits.ts';
import type { Joined } from '../mesh-files.ts';
import type { Refusals } from '../refusals.ts';
import type { SeenMachines } from '../seen-machines.ts';
import { inboxOf } from '../server-config.ts';
import { AgentCallers, keyOf } from './agent-callers.ts';
import { AgentRefusal, readRequest } from './agent-request.ts';
import {
  type Agent,
  agentSubject,
  heartbeat,
  heartbeatEveryS,
  noStats,
  noSuchAgent,
  serviceReply,
} from './agent-service.ts';
import { AgentTokens } from './agent-tokens.ts';
import { offersAgents } from './agents-setting.ts';
import { PromptPlaces } from './prompt-places.ts';
import { PromptStream } from './prompt-stream.ts';
import { followPrompt } from './prompt-turn.ts';

export interface MeshAgentsParts {
  env: NodeJS.ProcessEnv;
  joined: Joined;
  machines: SeenMachines;
  clock: Clock;
  refusals: Refusals;
  /** Now by the server's clock. */
  serverTime: () => number;
  /** `trouble` is another one. */
  changed: () => void;
}

/** A session that a daemon which has just come up does not know yet is back by then. */
const comesBackMs = 5000;

export class MeshAgents {
  /** What the server has said to a subscription that it refuses. */
  trouble: string | null = null;
  readonly #parts: MeshAgentsParts;
  readonly #tokens = new AgentTokens();
  readonly #agents = new Map<string, Agent>();
  /** Sessions that are not told of any more. */
  readonly #left = new Map<string, { gone: AbortController; timer: NodeJS.Timeout }>();
  readonly #limits: AskLimits;
  readonly #callers: AgentCallers;
  readonly #places = new PromptPlaces();
  #connection: NatsConnection | undefined;
  #subscriptions: Subscription[] = [];
  #running = new AbortController();
  #beatAtMs = 0;
  readonly #isOn = (): boolean => offersAgents(this.#parts.env);

  constructor(parts: MeshAgentsParts) {
    this.#parts = parts;
    this.#limits = new AskLimits(parts.clock);
    this.#callers = new AgentCallers(parts);
  }

  /** From now on the sessions are offered there; subscriptions outlive a line that is lost for a while. */
  connected(connection: NatsConnection): void {
    if (connection !== this.#connection) this.#withdraw('another line to the server has come up');
    this.#connection = connection;
    this.#callers.begin();
    this.beat();
  }

  /** These are this machine's sessions now. */
  sessionsAre(sessions: readonly SessionRecord[]): void {
    const offered = sessions.filter(({ state, peers }) => state !== 'gone' && peers);
    const tokens = this.#tokens.assign(offered);
    for (const [id, { gone }] of this.#agents) {
      if (tokens.has(id)) continue;
      this.#agents.delete(id);
      const timer = setTimeout(() => {
        this.#left.delete(id);
        gone.abort();
      }, comesBackMs).unref();
      this.#left.set(id, { gone, timer });
    }
    const isNew = offered.some(({ id }) => this.#agents.get(id)?.token !== tokens.get(id));
    for (const { id } of offered) {
      const token = tokens.get(id)!;
      const before = this.#agents.get(id);
      if (before?.token === token) continue;
      clearTimeout(this.#left.get(id)?.timer);
      const started = new Date(this.#parts.clock.timeOfDay()).toISOString();
      const gone = before?.gone ?? this.#left.get(id)?.gone ?? new AbortController();
      this.#left.delete(id);
      this.#agents.set(id, { session: id, token, instance: nuid.next(), started, stats: noStats(), gone });
    }
    if (isNew) this.#beatAtMs = 0;
    this.beat();
  }

  /** Follows the setting; says that the agents are there when it is time to. */
  beat(): void {
    if (!this.#isOn()) this.#withdraw('mesh.agents is off now');
    else if (this.#connection && !this.#connection.isClosed()) this.#offerAndBeat(this.#connection);
  }

  #offerAndBeat(connection: NatsConnection): void {
    const { clock, joined, serverTime } = this.#parts;
    this.#offer(connection);
    if (this.#beatAtMs > clock.steady()) return;
    this.#beatAtMs = clock.steady() + heartbeatEveryS * 1000;
    const ts = new Date(serverTime()).toISOString();
    for (const agent of this.#agents.values())
      connection.publish(
        agentSubject('hb', joined.name, agent.token),
        JSON.stringify(heartbeat(agent, joined.name, ts)),
      );
  }

  /** Prompts that are under way end with an error; their messages stay. */
  close(): void {
    this.#withdraw('claudex’s bridge ends');
    for (const { timer } of this.#left.values()) clearTimeout(timer);
  }

  #offer(connection: NatsConnection): void {
    if (this.#subscriptions.length > 0) return;
    const { name } = this.#parts.joined;
    const on = (subject: string, take: (msg: Msg, caller: string) => void, queue?: string): void => {
      const callback = (error: Error | null, msg: Msg): void => {
        const { refusals } = this.#parts;
        const caller = error ? undefined : this.#callers.inboxOf(msg);
        if (error) this.#refused(error.message);
        else if (caller === undefined) refusals.say('prompt', 'somebody', 'its answer would go into no inbox');
        else if (!this.#limits.passes(this.#callers.countedAs(caller))) refusals.say('prompt', caller, 'too many');
        else {
          take(msg, caller);
          // what is off is off at once
          if (!this.#isOn()) this.#withdraw('mesh.agents is off now');
        }
      };
      this.#subscriptions.push(connection.subscribe(subject, { callback, ...(queue !== undefined && { queue }) }));
    };
    on(agentSubject('prompt', name, '*'), (msg, caller) => void this.#prompted(msg, caller), 'agents');
    on(agentSubject('status', name, '*'), (msg) => this.#statusAsked(msg), 'agents');
    for (const subject of ['$SRV.*', '$SRV.*.agents', '$SRV.*.agents.*']) on(subject, (msg) => this.#serviceAsked(msg));
    this.#beatAtMs = 0;
  }

  #withdraw(why: string): void {
    if (this.#subscriptions.length === 0) return;
    for (const subscription of this.#subscriptions) subscription.unsubscribe();
    this.#subscriptions = [];
    this.trouble = null;
    this.#running.abort(
      new AgentRefusal(
        500,
        'withdrawn',
        `This agent is offered no more: ${why}. What it has taken stays in its session’s queue.`,
      ),
    );
    this.#running = new AbortController();
  }

  #refused(why: string): void {
    this.#parts.refusals.say('agents', 'the server', why);
    this.trouble ??= why.slice(0, 200);
    this.#parts.changed();
  }

  #agentOf({ subject }: Msg): Agent | undefined {
    const word = subject.split('.')[4] ?? '';
    return this.#isOn()
      ? ([...this.#agents.values()].find(({ token }) => token === word) ?? this.#agents.get(word))
      : undefined;
  }

  #statusAsked(msg: Msg): void {
    const agent = this.#agentOf(msg);
    const { joined, serverTime } = this.#parts;
    if (!agent) {
      new PromptStream((data, options) => msg.respond(data, options)).fail(noSuchAgent(joined.name));
      return;
    }
    agent.stats.status.requests++;
    msg.respond(JSON.stringify(heartbeat(agent, joined.name, new Date(serverTime()).toISOString())));
  }

  #serviceAsked(msg: Msg): void {
    const [, verb = '', , id] = msg.subject.split('.');
    const of = { owner: this.#parts.joined.name, version: packageVersion(), mustSign: this.#callers.mustSign() };
    for (const agent of this.#isOn() ? this.#agents.values() : []) {
      if (id !== undefined && id !== agent.instance) continue;
      const reply = serviceReply(verb, agent, of);
      if (reply) msg.respond(JSON.stringify(reply));
    }
  }

  async #prompted(msg: Msg, caller: string): Promise<void> {
    const { env, joined, clock, refusals } = this.#parts;
    const stream = new PromptStream((data, options) => {
      if (this.#connection && !this.#connection.isClosed()) this.#connection.publish(msg.reply!, data, options);
    });
    const agent = this.#agentOf(msg);
    const beganMs = clock.steady();
    let failure: string | undefined;
    let leave: (() => void) | undefined;
    try {
      if (!agent) throw noSuchAgent(joined.name);
      const machine = this.#callers.admit(msg);
      const prompt = readRequest(msg.data);
      leave = this.#places.take(agent.session, machine?.name ?? this.#callers.countedAs(caller));
      stream.begin();
      const connection = this.#connection!;
      failure = await followPrompt({
        env,
        connection,
        own: joined.name,
        session: agent.session,
        prompt,
        label: machine ? `a program of the machine ${machine.name}` : 'a program on the mesh',
        key: keyOf(msg, machine?.name ?? caller),
        stream,
        signal: this.#running.signal,
        gone: agent.gone.signal,
        answerer: () => this.#callers.answerer(caller),
        newInbox: () => createInbox(inboxOf(joined.name)),
      });
    } catch (error) {
      const refusal =
        error instanceof AgentRefusal ? error : new AgentRefusal(500, 'internal', 'Something went wrong here.');
      failure = error instanceof Error ? error.message : String(error);
      refusals.say('prompt', caller, failure);
      stream.fail(refusal);
    } finally {
      leave?.();
    }
    if (!agent) return;
    const { prompt } = agent.stats;
    prompt.requests++;
    prompt.milliseconds += clock.steady() - beganMs;
    if (failure === undefined) return;
    prompt.errors++;
    prompt.lastError = failure.slice(0, 200);
  }
}
