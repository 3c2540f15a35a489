/** What machines of a mesh tell each other about messages, and what daemon and bridge hand each other. Nothing of it is believed in its form. */
import { ClaudexError } from '../errors/claudex-error.ts';
import {
  isFinal,
  type MessageKind,
  type MessageState,
  maxBodyBytes,
  messageStates,
  type Route,
  routes,
} from './message.ts';
import { sanitiseLine } from './sanitise.ts';

/** `message`: take this. */
export interface MailedMessage {
  id: string;
  /** Id, name or folder of the session there. */
  target: string;
  kind: MessageKind;
  when: 'idle' | 'now';
  body: string;
  /** Who speaks, in words. */
  label: string;
  /** The person at that machine speaks: no session and no program. */
  isUser: boolean;
  /** The session that speaks. */
  session?: string;
  hops?: number;
  replyTo?: string;
  route?: Route;
  hold?: boolean;
  /** Milliseconds since the epoch; on its way by the clock of the mesh's server, else by the machine's own. */
  notBefore?: number;
  expiresAt?: number;
  /** Take it only behind this one, which may be on its way still; null: nothing is. */
  after: string | null;
}

/** `states`: what has become of one message of yours. */
export type StateWord = { id: string } & (
  | {
      rev: number;
      state: MessageState;
      route?: Route;
      reason?: string;
      answer?: string;
      /** The session that it is for. */
      recipient?: { name: string; cwd: string };
    }
  /** It was not accepted. */
  | { refused: string }
  /** Nothing is known of it. */
  | { unknown: true }
);

/** One piece of mail between daemon and bridge. */
export type Mail =
  | { kind: 'message'; body: MailedMessage }
  /** Take that one back, whether or not it has come yet. */
  | { kind: 'cancel'; body: { id: string } }
  | { kind: 'states'; body: { words: StateWord[] } }
  /** Say what has become of them. */
  | { kind: 'ask'; body: { ids: string[] } };

/** `POST /v1/mesh/next`: what is to go out. `key`: of this piece; a second one with the same key is the same. */
export type OutgoingMail = Mail & { key: string; to: string };

/** What the bridge says when it asks for more. */
export interface NextRequest {
  /** Of the bridge's line to the server: another one knows nothing of what was handed over before. Null while it is down. */
  line: string | null;
  /** What has become of earlier pieces: the server has them, or why not. */
  done: Array<{ key: string; error?: string }>;
}

/** `POST /v1/mesh/incoming`: signed by that machine, which `key` says. */
export interface IncomingMail {
  from: string;
  /** The machine's public key. */
  key: string;
  kind: string;
  body: unknown;
}

/** `taken`: on disk, or nothing to do. `later`: to be handed over again. `refused`: never to be taken, and why. */
export type Verdict = { verdict: 'taken' | 'later' } | { verdict: 'refused'; why: string };

/** `GET /v1/mesh/backlog`: what is here for one other machine. */
export interface MailBacklog {
  machine: string;
  /** Messages of which that machine has not said yet that it has them. */
  waiting: number;
  /** Of their bodies. */
  bytes: number;
  /** When the oldest of them was accepted, in milliseconds since the epoch; null where none waits. */
  oldestAt: number | null;
  /** Messages that it has, and that have not ended there. */
  arrived: number;
  /** No more is taken for it. */
  full: boolean;
  /** Why the server takes nothing for it. */
  trouble: string | null;
}

/** An answer that is longer, as JSON, is cut on its way between machines. */
export const maxMailedAnswerBytes = 2 * maxBodyBytes;
const maxWords = 500;
const idShape = /^m[a-z0-9]{15}$/;

/** Never thrown for what a claudex has written itself. */
function malformed(what: string): ClaudexError {
  return new ClaudexError('BAD_REQUEST', `Malformed mail: ${what}.`);
}

/** @throws ClaudexError BAD_REQUEST */
export function parseNextRequest(value: unknown): NextRequest {
  const { line, done } = objectOf(value);
  if (line !== null && typeof line !== 'string') throw malformed('line');
  if (!Array.isArray(done)) throw malformed('done');
  return {
    line,
    done: done.map((one) => {
      const { key, error } = objectOf(one);
      return { key: text(key, 'key', 100), ...(error !== undefined && { error: String(error).slice(0, 300) }) };
    }),
  };
}

/** @throws ClaudexError BAD_REQUEST */
export function parseIncoming(value: unknown): IncomingMail[] {
  const { mails } = objectOf(value);
  if (!Array.isArray(mails)) throw malformed('mails');
  return mails.map((one) => {
    const { from, key, kind, body } = objectOf(one);
    return { from: text(from, 'from', 40), key: text(key, 'key', 100), kind: text(kind, 'kind', 30), body };
  });
}

/** @throws ClaudexError BAD_REQUEST */
export function parseMailedMessage(value: unknown): MailedMessage {
  const given = objectOf(value);
  const { kind, when, body, route, after } = given;
  if (kind !== 'task' && kind !== 'note') throw malformed('kind');
  if (when !== 'idle' && when !== 'now') throw malformed('when');
  if (typeof body !== 'string' || Buffer.byteLength(body) > maxBodyBytes) throw malformed('body');
  if (route !== undefined && !routes.includes(route as Route)) throw malformed('route');
  const session = given.session === undefined ? undefined : text(given.session, 'session', 40);
  if (session !== undefined && !/^[\w-]+$/.test(session)) throw malformed('session');
  const whole = (name: 'hops' | 'notBefore' | 'expiresAt'): Record<string, number> => {
    if (given[name] === undefined) return {};
    if (!Number.isSafeInteger(given[name]) || (given[name] as number) < 0) throw malformed(name);
    return { [name]: given[name] as number };
  };
  return {
    id: idOf(given.id),
    target: text(given.target, 'target', 4096),
    kind,
    when,
    body,
    label: sanitiseLine(text(given.label, 'label', 400)),
    isUser: given.isUser === true,
    ...(session !== undefined && { session }),
    ...whole('hops'),
    ...(given.replyTo !== undefined && { replyTo: text(given.replyTo, 'replyTo', 64) }),
    ...(route !== undefined && { route: route as Route }),
    ...(given.hold === true && { hold: true }),
    ...whole('notBefore'),
    ...whole('expiresAt'),
    after: after === null ? null : idOf(after),
  };
}

/** @throws ClaudexError BAD_REQUEST */
export function parseWords(value: unknown): StateWord[] {
  const { words } = objectOf(value);
  if (!Array.isArray(words) || words.length > maxWords) throw malformed('words');
  return words.map((one): StateWord => {
    const given = objectOf(one);
    const id = idOf(given.id);
    if (given.unknown === true) return { id, unknown: true };
    if (given.refused !== undefined) return { id, refused: sanitiseLine(text(given.refused, 'refused', 2000), 500) };
    const { rev, state, route, reason, answer, recipient } = given;
    if (!Number.isSafeInteger(rev) || (rev as number) < 1) throw malformed('rev');
    if (!messageStates.includes(state as MessageState)) throw malformed('state');
    const there = recipient === undefined ? undefined : objectOf(recipient);
    return {
      id,
      rev: rev as number,
      state: state as MessageState,
      ...(routes.includes(route as Route) && { route: route as Route }),
      ...(typeof reason === 'string' && { reason: sanitiseLine(reason, 300) }),
      ...(typeof answer === 'string' && isFinal(state as MessageState) && { answer: answer.toWellFormed() }),
      ...(there && {
        recipient: { name: sanitiseLine(String(there.name ?? '')), cwd: sanitiseLine(String(there.cwd ?? ''), 4096) },
      }),
    };
  });
}

/** Of `cancel`, and each of `ask`. @throws ClaudexError BAD_REQUEST */
export function parseIds(value: unknown): string[] {
  const { id, ids } = objectOf(value);
  if (ids === undefined) return [idOf(id)];
  if (!Array.isArray(ids) || ids.length > maxWords) throw malformed('ids');
  return ids.map(idOf);
}

function idOf(value: unknown): string {
  if (typeof value !== 'string' || !idShape.test(value)) throw malformed('id');
  return value;
}

function text(value: unknown, name: string, maxChars: number): string {
  if (typeof value !== 'string' || value === '' || value.length > maxChars) throw malformed(name);
  return value;
}

function objectOf(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed('no object');
  return value as Record<string, unknown>;
}
