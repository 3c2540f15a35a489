/** Questions between machines on the line to NATS: this machine's to others, and theirs to it. Each is signed, and so is its answer. */
import { type Msg, type NatsConnection, nuid, RequestError } from '@nats-io/transport-node';
import { ClaudexError } from '../../errors/claudex-error.ts';
import type { Clock } from '../../process/clock.ts';
import { askSubject, EnvelopeRefused, senderOfSubject } from '../envelope.ts';
import type { Joined } from '../mesh-files.ts';
import type { Refusals } from '../refusals.ts';
import type { Sealing } from '../sealing.ts';
import type { SeenMachines } from '../seen-machines.ts';
import { inboxOf } from '../server-config.ts';
import { readTrusted, trustIn } from '../trust.ts';
import { answerAsk } from './answer-ask.ts';
import { type Ask, type AskReply, askTakesMs, errorReply, maxAskBytes } from './ask.ts';
import { AskLimits } from './ask-limits.ts';
import { ReplayGuard } from './replay-guard.ts';

export interface MeshAsksParts {
  env: NodeJS.ProcessEnv;
  joined: Joined;
  /** Undefined where this machine has no key. */
  sealing: Sealing | undefined;
  machines: SeenMachines;
  clock: Clock;
  refusals: Refusals;
  /** The line is up. */
  isUp: () => boolean;
  /** Now by the server's clock. */
  serverTime: () => number;
}

export class MeshAsks {
  readonly #parts: MeshAsksParts;
  readonly #limits: AskLimits;
  #guard: ReplayGuard | undefined;
  #connection: NatsConnection | undefined;

  constructor(parts: MeshAsksParts) {
    this.#parts = parts;
    this.#limits = new AskLimits(parts.clock);
  }

  /** From now on it is asked and answered there; the subscription outlives a line that is lost for a while. */
  connected(connection: NatsConnection): void {
    if (connection === this.#connection) return;
    this.#connection = connection;
    this.#guard ??= new ReplayGuard(this.#parts.serverTime());
    connection.subscribe(askSubject(this.#parts.joined.name, '*'), {
      callback: (error, msg) => {
        if (error) this.#parts.refusals.say('questions', 'the server', error.message);
        else void this.#asked(msg);
      },
    });
  }

  /**
   * Asks that machine.
   * @throws ClaudexError MESH_NO_SUCH_MACHINE, MESH_MACHINE_AWAY, MESH_UNREACHABLE, MESH_BAD_REPLY, MESH_TOO_LARGE
   */
  async ask(to: string, ask: Ask): Promise<AskReply> {
    const { env, joined, sealing, machines, serverTime, isUp } = this.#parts;
    if (!this.#connection || !isUp()) throw new ClaudexError('MESH_UNREACHABLE', `${joined.url}.`);
    const there = machines.all({ isCutOff: false }).find(({ name }) => name === to);
    if (!there) throw new ClaudexError('MESH_NO_SUCH_MACHINE', `Asked for "${to}".`);
    // one that sleeps would let everybody wait
    if (there.away)
      throw new ClaudexError(
        'MESH_MACHINE_AWAY',
        `${to} is away${there.seenAt === null ? '' : ` since ${there.seenAt}`}.`,
      );
    const theirs = machines.keyOf(to);
    if (theirs === undefined) throw new ClaudexError('MESH_MACHINE_AWAY', `${to} tells no key: its claudex is older.`);
    if (machines.hasOtherKey(to) || trustIn(readTrusted(env), to, theirs).hasOtherKey)
      throw new ClaudexError('MESH_KEY_CHANGED', `It is ${to}.`);
    if (!sealing)
      throw new ClaudexError('MESH_MACHINE_AWAY', 'This machine has no key: leave the mesh and join it again.');
    if (Buffer.byteLength(JSON.stringify(ask)) > maxAskBytes) throw new ClaudexError('MESH_TOO_LARGE', '');
    const id = nuid.next();
    const said = { id, from: joined.name, to, kind: 'ask', at: serverTime(), body: ask };
    const subject = askSubject(to, joined.name);
    let bytes: Uint8Array;
    try {
      bytes = (await this.#connection.request(subject, sealing.say(said), { timeout: askTakesMs })).data;
    } catch (cause) {
      const isNobody = cause instanceof RequestError && cause.isNoResponders();
      throw new ClaudexError('MESH_MACHINE_AWAY', isNobody ? `${to} is not there now.` : `${to}: no answer.`, {
        cause,
      });
    }
    try {
      const { kind, body } = sealing.hear(bytes, { name: to, key: theirs });
      const { re, reply } = body as { re?: unknown; reply?: unknown };
      if (kind !== 'answer' || re !== id) throw new EnvelopeRefused('an answer to something else');
      return reply as AskReply;
    } catch (cause) {
      this.#parts.refusals.say('answer', to, cause instanceof EnvelopeRefused ? cause.message : 'no answer');
      throw new ClaudexError('MESH_BAD_REPLY', `${to}.`, { cause });
    }
  }

  async #asked(msg: Msg): Promise<void> {
    const { joined, refusals } = this.#parts;
    const from = senderOfSubject(msg.subject, joined.name);
    // it may answer whoever asks, wherever that says: never into another machine's inbox
    if (from === undefined || !msg.reply?.startsWith(`${inboxOf(from)}.`)) {
      return refusals.say('question', from ?? 'somebody', 'its answer would go to somebody else');
    }
    const verdict = this.#limits.begin(from);
    if (verdict === 'drop') return refusals.say('question', from, 'too many');
    try {
      this.#answer(msg, from, verdict === 'busy' ? errorReply(new ClaudexError('MESH_BUSY')) : undefined);
    } catch (error) {
      // nothing that is not signed by that machine gets an answer
      refusals.say('question', from, error instanceof Error ? error.message : String(error));
      if (verdict === 'answer') this.#limits.end(from);
    }
  }

  /** @throws EnvelopeRefused */
  #answer(msg: Msg, from: string, busy: AskReply | undefined): void {
    const { env, joined, sealing, machines, serverTime, refusals } = this.#parts;
    const theirs = machines.keyOf(from);
    if (theirs === undefined || !sealing) throw new EnvelopeRefused('not a machine of the mesh');
    if (machines.hasOtherKey(from)) throw new EnvelopeRefused('another key than it was first seen with');
    const { id, at, kind, body, wasSealed } = sealing.hear(msg.data, { name: from, key: theirs });
    const isOld = this.#guard!.refuse(from, { id, at }, serverTime());
    if (kind !== 'ask' || isOld !== undefined) throw new EnvelopeRefused(isOld ?? 'no question');
    const reply = (answer: AskReply): void => {
      const said = { id: nuid.next(), from: joined.name, to: from, kind: 'answer', at: serverTime() };
      msg.respond(sealing.say({ ...said, body: { re: id, reply: answer } }, { isAnswerToSealed: wasSealed }));
    };
    if (busy) {
      reply(busy);
      return;
    }
    const machine = { name: from, ...trustIn(readTrusted(env), from, theirs) };
    if (machine.hasOtherKey) refusals.say('key', from, 'another key than the one that is trusted');
    void answerAsk(env, { own: joined.name, machine, ask: body }, (why) => refusals.say('question', from, why))
      .then(reply)
      .catch((error) => refusals.say('answer', from, String(error)))
      .finally(() => this.#limits.end(from));
  }
}
