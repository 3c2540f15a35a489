/** From a send request to a message in the mailbox: finds the session, holds peers to their rules, puts it on disk. */

import { ClaudexError } from '../../errors/claudex-error.ts';
import type { Clock } from '../../process/clock.ts';
import { newMessageId } from '../../protocol/attribution.ts';
import { findTarget, isCalled } from '../../protocol/find-target.ts';
import type { Message, Recipient } from '../../protocol/message.ts';
import { sanitiseBody, sanitiseLine } from '../../protocol/sanitise.ts';
import type { SendManyRequest, SendReply, SendRequest } from '../../protocol/wire.ts';
import type { MessageStore } from '../messages/message-store.ts';
import type { Session } from '../sessions/session.ts';
import { nameOf } from '../sessions/session-record.ts';
import type { SessionTable } from '../sessions/session-table.ts';
import type { Dispatcher } from './dispatcher.ts';
import { chainOf, type PeerRules } from './peer-rules.ts';
import type { WaysIn } from './ways-in.ts';

export interface AcceptOptions {
  table: SessionTable;
  store: Pick<MessageStore, 'byKey' | 'onDisk'>;
  waysIn: Pick<WaysIn, 'offers'>;
  dispatcher: Pick<Dispatcher, 'accept' | 'inHand'>;
  peers: PeerRules;
  /** Managed sessions, also those that run. */
  absent: () => AbsentSession[];
  /** Where a target is, that no session here has: on which other machine. */
  onMachine: (target: string) => Recipient | undefined;
  clock: Clock;
}

/** What has come from another machine: it has its id from there. */
export interface FromMachine {
  id: string;
  hops: number;
}

/** A managed session; a message goes to it, wakes it or waits for it, where `takes`, else `why` says in which state it is. */
export interface AbsentSession {
  id: string;
  name: string;
  alias: string | null;
  cwd: string;
  takes: boolean;
  why: string;
}

/**
 * Takes a message; a key that is known gives its first message again.
 * @throws ClaudexError EMPTY_MESSAGE, NO_SUCH_SESSION, AMBIGUOUS_TARGET, NOT_RUNNING, ROUTE_UNAVAILABLE, JOURNAL_UNWRITABLE and those of the peer rules
 */
export async function acceptSend(request: SendRequest, options: AcceptOptions): Promise<SendReply> {
  return accept(prepare(request, options), options);
}

/** As acceptSend, of what has come from another machine. @throws as acceptSend */
export async function acceptFromMachine(
  request: SendRequest,
  come: FromMachine,
  options: AcceptOptions,
): Promise<SendReply> {
  const body = sanitiseBody(request.body);
  if (body.trim() === '') throw new ClaudexError('EMPTY_MESSAGE');
  return accept({ message: compose(request, body, options, come), repeated: false }, options);
}

/** One message for each session that the targets name; none is taken when one of them cannot be. @throws as acceptSend */
export async function acceptSends(request: SendManyRequest, options: AcceptOptions): Promise<SendReply[]> {
  const { key, targets, all, ...shared } = request;
  const takes = (target: string): boolean => !options.absent().some((one) => one.id === target && !one.takes);
  const takers = all ? targets.filter(takes) : targets;
  const prepared = (takers.length > 0 ? takers : targets).map((target) =>
    prepare({ ...shared, target, ...(key !== undefined && { key: `${key} for ${target}` }) }, options),
  );
  const byRecipient = new Map(prepared.map((one) => [whose(one.message.recipient), one]));
  return Promise.all([...byRecipient.values()].map((one) => accept(one, options)));
}

function whose({ id, cwd, machine, target }: Recipient): string {
  return machine === undefined ? (id ?? cwd) : `${target}@${machine}`;
}

interface Prepared {
  message: Message;
  /** True when its key had been used before: this is that message. */
  repeated: boolean;
}

function prepare(request: SendRequest, options: AcceptOptions): Prepared {
  const body = sanitiseBody(request.body);
  if (body.trim() === '') throw new ClaudexError('EMPTY_MESSAGE');
  const known = request.key === undefined ? undefined : options.store.byKey(request.key);
  return { message: known ?? compose(request, body, options), repeated: known !== undefined };
}

async function accept({ message, repeated }: Prepared, options: AcceptOptions): Promise<SendReply> {
  await (repeated ? options.store.onDisk(message.id) : options.dispatcher.accept(message));
  return {
    id: message.id,
    target: message.recipient,
    state: message.state,
    route: message.route ?? null,
    repeated,
    replyTo: message.replyTo ?? null,
  };
}

function compose(request: SendRequest, body: string, options: AcceptOptions, come?: FromMachine): Message {
  const at = options.clock.timeOfDay();
  const { sender } = request;
  const from = sender.id === undefined || come ? undefined : options.table.byId(sender.id);
  if (sender.id !== undefined && !from && !come) {
    throw new ClaudexError('NO_SUCH_SESSION', `The sender "${sender.id.slice(0, 40)}" is not live.`);
  }
  const recipient = recipientOf(request, options);
  const to = recipient.id === null ? undefined : options.table.byId(recipient.id);
  const isThere = recipient.machine !== undefined;
  const toId = isThere ? whose(recipient) : recipient.id;
  const chain: ReturnType<typeof chainOf> = from
    ? chainOf(options.dispatcher.inHand(from), toId)
    : { hops: come?.hops ?? 0 };
  const toCwd = isThere ? whose(recipient) : recipient.cwd;
  options.peers.check({ sender, from, to, toCwd, hops: chain.hops }, options.clock.steady());
  const replyTo = request.replyTo ?? chain.replyTo;
  return {
    id: come?.id ?? newMessageId(),
    recipient,
    kind: request.kind,
    when: request.when,
    sender: {
      kind: sender.kind,
      label: sanitiseLine(sender.label).replaceAll(/[[\]]/g, ''),
      ...(from && { id: from.id }),
      ...(come && sender.id !== undefined && { id: sender.id }),
      ...(come && sender.machine !== undefined && { machine: sender.machine }),
    },
    body,
    ...(request.route !== undefined && { forcedRoute: request.route }),
    ...(replyTo !== undefined && { replyTo }),
    ...(chain.hops > 0 && { hops: chain.hops }),
    ...(request.key !== undefined && { key: request.key }),
    ...(request.notBefore !== undefined && { notBefore: request.notBefore }),
    ...(request.delayMs !== undefined && { notBefore: at + request.delayMs, delayMs: request.delayMs }),
    ...(request.expiresAt !== undefined && { expiresAt: request.expiresAt }),
    acceptedAt: at,
    ...(come && { rev: at }),
    state: 'queued',
    attempts: 0,
    history: [{ state: 'queued', at }],
  };
}

function recipientOf(request: SendRequest, { table, waysIn, absent, onMachine }: AcceptOptions): Recipient {
  // a given name goes before the name of a folder, whether or not its session runs
  const given = absent().filter((one) => isCalled(request.target, one));
  if (given.length > 0 && !table.all().some((one) => isCalled(request.target, one))) {
    return absentRecipient(request.target, given)!;
  }
  try {
    const session = table.byId(request.target) ?? named(request.target, table);
    const refusal = absent().find(({ id, takes }) => id === session.id && !takes);
    if (refusal) throw new ClaudexError('NOT_RUNNING', refusal.why);
    if (request.route !== undefined && !waysIn.offers(session, request.route)) {
      throw new ClaudexError('ROUTE_UNAVAILABLE', `Session ${session.id} has no ${request.route}.`);
    }
    return { id: session.id, name: session.alias ?? nameOf(session), cwd: session.cwd };
  } catch (error) {
    if (!(error instanceof ClaudexError) || error.code !== 'NO_SUCH_SESSION') throw error;
    return absentRecipient(request.target, absent()) ?? onMachine(request.target) ?? heldRecipient(request, error);
  }
}

/** The managed session that is meant, where it does not run: it is woken, or its message waits for it. @throws ClaudexError NOT_RUNNING */
function absentRecipient(target: string, absent: readonly AbsentSession[]): Recipient | undefined {
  try {
    const { id, name, cwd, takes, why } = findTarget(target, absent);
    if (!takes) throw new ClaudexError('NOT_RUNNING', why);
    return { id, name, cwd };
  } catch (error) {
    if (error instanceof ClaudexError && error.code === 'NO_SUCH_SESSION') return undefined;
    throw error;
  }
}

/** @throws ClaudexError NO_SUCH_SESSION where nothing is to be held */
function heldRecipient(request: SendRequest, nobody: ClaudexError): Recipient {
  if (!request.hold) throw nobody;
  if (!request.target.startsWith('/')) {
    throw new ClaudexError(
      'NO_SUCH_SESSION',
      `To hold a message, name the folder by its path, not "${request.target}".`,
    );
  }
  const cwd = request.target;
  return { id: null, name: nameOf({ cwd }), cwd };
}

function named(target: string, table: SessionTable): Session {
  const live = table.all().map(({ id, cwd, alias, file }) => {
    return { id, cwd, name: nameOf({ cwd }), alias, claudeName: file?.name ?? null };
  });
  return table.byId(findTarget(target, live).id)!;
}
