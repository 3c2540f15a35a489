/** A caller of agents, written from the Synadia Agent Protocol for NATS 0.3 alone: discovery, prompts, heartbeats, status. */
import { createHash } from 'node:crypto';
import { fromSeed } from '@nats-io/nkeys';
import {
  connect,
  createInbox,
  headers,
  type Msg,
  type NatsConnection,
  nkeyAuthenticator,
  nuid,
} from '@nats-io/transport-node';
import { registerResource } from './resources.ts';

export interface Endpoint {
  name: string;
  subject: string;
  queue_group: string;
  metadata: Record<string, string>;
}

export interface Service {
  type: string;
  name: string;
  id: string;
  version: string;
  metadata: Record<string, string>;
  endpoints: Endpoint[];
}

/** One piece of an answer: a chunk, or an error. */
export interface Piece {
  type: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into it
  data: any;
}

export class AgentClient {
  readonly connection: NatsConnection;
  readonly #inbox: string;

  private constructor(connection: NatsConnection, inbox: string) {
    this.connection = connection;
    this.#inbox = inbox;
  }

  static async connect(url: string, name: string, seed: string): Promise<AgentClient> {
    const connection = await connect({
      servers: url,
      authenticator: nkeyAuthenticator(new TextEncoder().encode(seed)),
      inboxPrefix: `_INBOX.${name}`,
      reconnect: false,
    });
    registerResource({ label: 'agent client', dispose: () => connection.close() });
    return new AgentClient(connection, `_INBOX.${name}`);
  }

  /** What `nats req '$SRV.<verb>.agents'` gathers, once `wanted` have answered; nothing where nobody is there. */
  async service(verb: string, wanted = 1, id?: string): Promise<Service[]> {
    const found: Service[] = [];
    const reply = createInbox(this.#inbox);
    const answers = this.connection.subscribe(reply, { max: wanted });
    this.connection.publish(`$SRV.${verb}.agents${id === undefined ? '' : `.${id}`}`, '', { reply });
    // a machine that offers agents and has no session yet says nothing
    const timer = setTimeout(() => answers.unsubscribe(), 10_000);
    for await (const msg of answers) {
      if (msg.headers?.code === 503) break;
      found.push(msg.json<Service>());
    }
    clearTimeout(timer);
    answers.unsubscribe();
    return found;
  }

  /** Every piece of the answer up to its end; `seen`: each as it comes. */
  async prompt(
    subject: string,
    payload: string | Uint8Array,
    options: { seen?: (piece: Piece) => void; signedWith?: string; id?: string } = {},
  ): Promise<Piece[]> {
    const reply = createInbox(this.#inbox);
    const said = headers();
    if (options.signedWith !== undefined) said.set('Agent-Sender', signature(options.signedWith, subject, payload));
    if (options.id !== undefined) said.set('Nats-Msg-Id', options.id);
    const answers = this.connection.subscribe(reply);
    this.connection.publish(subject, payload, { reply, headers: said });
    const pieces: Piece[] = [];
    for await (const msg of answers) {
      if (msg.headers?.code === 503) throw new Error('no responders');
      if (msg.data.length === 0 && !msg.headers) break;
      const piece = pieceOf(msg);
      pieces.push(piece);
      options.seen?.(piece);
    }
    answers.unsubscribe();
    return pieces;
  }
}

function pieceOf(msg: Msg): Piece {
  const code = msg.headers?.get('Nats-Service-Error-Code') ?? '';
  if (code !== '')
    return { type: 'error', data: { code, words: msg.headers!.get('Nats-Service-Error'), ...msg.json<object>() } };
  return msg.json<Piece>();
}

/** The header `Agent-Sender`. */
export function signature(seed: string, sub: string, payload: string | Uint8Array, at = Date.now()): string {
  const pair = fromSeed(new TextEncoder().encode(seed));
  const said = {
    v: 1,
    account: '$G',
    user: pair.getPublicKey(),
    sub,
    ts: new Date(at).toISOString(),
    nonce: nuid.next(),
  };
  const hash = createHash('sha256').update(payload).digest('hex');
  const signed = `AGENT-SENDER-V1\n${[said.account, said.user, sub, said.ts, said.nonce, hash].join('\n')}\n`;
  return JSON.stringify({ ...said, sig: Buffer.from(pair.sign(Buffer.from(signed))).toString('base64url') });
}

export const textOf = (pieces: readonly Piece[]): string =>
  pieces
    .flatMap(({ type, data }) => (type === 'response' ? [typeof data === 'string' ? data : data.text] : []))
    .join('');
