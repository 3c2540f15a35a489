/**
 * What has come from other machines, signed by them. A message is confirmed once it is on disk here; a second one with its id is the
 * same. One goes in behind the one it was sent behind, or not yet.
 */
import { ClaudexError } from '../../errors/claudex-error.ts';
import type { Log } from '../../home/log.ts';
import type { Clock } from '../../process/clock.ts';
import {
  type IncomingMail,
  type MailedMessage,
  parseIds,
  parseMailedMessage,
  parseWords,
  type Verdict,
} from '../../protocol/machine-mail.ts';
import { isFinal, type Message, type Sender } from '../../protocol/message.ts';
import { type AcceptOptions, acceptFromMachine } from '../delivery/accept-send.ts';
import type { Dispatcher } from '../delivery/dispatcher.ts';
import type { MessageStore } from '../messages/message-store.ts';
import type { Mesh } from './other-machines.ts';
import type { Outbox } from './outbox.ts';
import type { ToldBack } from './told-back.ts';

/** So many messages of one machine may be open here; more wait on their way. */
const mostOpen = 2000;
const mostOpenBytes = 32 << 20;
const rememberedRefusals = 1000;

const taken: Verdict = { verdict: 'taken' };
const later: Verdict = { verdict: 'later' };

export interface IncomingOptions {
  accept: AcceptOptions;
  store: MessageStore;
  dispatcher: Pick<Dispatcher, 'change'>;
  outbox: Pick<Outbox, 'heard'>;
  toldBack: Pick<ToldBack, 'tell'>;
  mesh: Pick<Mesh, 'sender'>;
  clock: Clock;
  log: Log;
}

export class Incoming {
  readonly #options: IncomingOptions;
  /** Ids that were refused of late: what follows them need not wait for them. */
  readonly #refused = new Set<string>();
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: IncomingOptions) {
    this.#options = options;
  }

  /** One call after the other. @returns one verdict for each */
  take(mails: readonly IncomingMail[]): Promise<Verdict[]> {
    const verdicts = this.#last.then(() => this.#takeAll(mails));
    this.#last = verdicts.catch(() => undefined);
    return verdicts;
  }

  async #takeAll(mails: readonly IncomingMail[]): Promise<Verdict[]> {
    // what is taken back in the same breath never goes in
    const takenBack = new Set(mails.flatMap((one) => (one.kind === 'cancel' ? [`${one.from} ${idIn(one.body)}`] : [])));
    const verdicts: Verdict[] = [];
    for (const mail of mails) {
      try {
        verdicts.push(await this.#takeOne(mail, takenBack));
      } catch (error) {
        if (!(error instanceof ClaudexError) || error.code !== 'BAD_REQUEST') throw error;
        verdicts.push({ verdict: 'refused', why: error.facts });
      }
    }
    return verdicts;
  }

  async #takeOne(mail: IncomingMail, takenBack: ReadonlySet<string>): Promise<Verdict> {
    const { from, kind, body } = mail;
    const { store, toldBack, outbox, dispatcher } = this.#options;
    switch (kind) {
      case 'message': {
        const message = parseMailedMessage(body);
        return this.#takeMessage(mail, message, takenBack.has(`${from} ${message.id}`));
      }
      case 'cancel': {
        const [id] = parseIds(body);
        const known = store.get(id!);
        if (known && known.sender.machine !== from) return { verdict: 'refused', why: 'the message is not its own' };
        if (known) dispatcher.change(id!, 'cancel');
        else if (!(await this.#bury(id!, from, { state: 'cancelled' }))) return later;
        toldBack.tell(from, id!);
        return taken;
      }
      case 'ask': {
        for (const id of parseIds(body)) toldBack.tell(from, id);
        return taken;
      }
      case 'states': {
        outbox.heard(from, parseWords(body));
        return taken;
      }
      default:
        return { verdict: 'refused', why: `nobody here knows what "${kind}" is` };
    }
  }

  async #takeMessage({ from, key }: IncomingMail, come: MailedMessage, isTakenBack: boolean): Promise<Verdict> {
    const { store, toldBack, mesh, clock } = this.#options;
    const { id, after, expiresAt } = come;
    const known = store.get(id);
    if (known) {
      if (known.sender.machine !== from) return { verdict: 'refused', why: 'its id is another message’s' };
      toldBack.tell(from, id);
      return taken;
    }
    if (after !== null && store.get(after)?.sender.machine !== from && !this.#refused.has(`${from} ${after}`))
      return later;
    const { maySend, isTrusted } = mesh.sender(from, key);
    if (!maySend) return this.#refuse(from, id, 'that machine does not take messages from this one (mesh.send)');
    if (isTakenBack || (expiresAt !== undefined && expiresAt <= clock.timeOfDay())) {
      const end = isTakenBack
        ? ({ state: 'cancelled' } as const)
        : ({ state: 'expired', reason: 'not delivered in time' } as const);
      if (!(await this.#bury(id, from, end))) return later;
      toldBack.tell(from, id);
      return taken;
    }
    if (this.#isFull(from)) return later;
    return this.#accept(from, come, isTrusted);
  }

  async #accept(from: string, come: MailedMessage, isTrusted: boolean): Promise<Verdict> {
    const { target, kind, when, body, session, isUser, label, route, replyTo, hold, notBefore, expiresAt } = come;
    const isOwn = isTrusted && isUser;
    const sender: Sender = {
      kind: isOwn ? 'user' : 'peer',
      label: isOwn ? `${label} (machine ${from})` : `machine ${from}: ${label}`,
      machine: from,
      // how it is written to from here
      ...(session !== undefined && { id: `${session}@${from}` }),
    };
    try {
      await acceptFromMachine(
        {
          target,
          body,
          kind,
          when,
          sender,
          hold: hold === true,
          ...(route !== undefined && { route }),
          ...(replyTo !== undefined && { replyTo }),
          ...(notBefore !== undefined && { notBefore }),
          ...(expiresAt !== undefined && { expiresAt }),
        },
        { id: come.id, hops: come.hops ?? 0 },
        // a message is for somebody here, never passed on
        { ...this.#options.accept, onMachine: () => undefined },
      );
    } catch (error) {
      if (!(error instanceof ClaudexError) || error.code === 'INTERNAL') throw error;
      if (error.code === 'JOURNAL_UNWRITABLE' || error.code === 'QUEUE_FULL') return later;
      return this.#refuse(from, come.id, error.message);
    }
    this.#options.toldBack.tell(from, come.id);
    return taken;
  }

  #refuse(from: string, id: string, why: string): Verdict {
    this.#options.log('message of a machine refused', { machine: from, id, why });
    this.#refused.add(`${from} ${id}`);
    for (const oldest of this.#refused) {
      if (this.#refused.size <= rememberedRefusals) break;
      this.#refused.delete(oldest);
    }
    this.#options.toldBack.tell(from, id, { id, refused: why });
    return taken;
  }

  /** Puts a message that has ended on its way into the journal, so that it is never taken. False when that cannot be written. */
  async #bury(id: string, from: string, end: { state: 'cancelled' | 'expired'; reason?: string }): Promise<boolean> {
    const { store, clock } = this.#options;
    const at = clock.timeOfDay();
    const message: Message = {
      id,
      recipient: { id: null, name: '', cwd: '' },
      kind: 'note',
      when: 'idle',
      sender: { kind: 'peer', label: `machine ${from}`, machine: from },
      body: '',
      acceptedAt: at,
      rev: at,
      attempts: 0,
      ...end,
      history: [{ at, ...end }],
    };
    try {
      await store.accept(message);
    } catch (error) {
      if (error instanceof ClaudexError && error.code !== 'INTERNAL') return false;
      throw error;
    }
    return true;
  }

  #isFull(machine: string): boolean {
    const { mailbox } = this.#options.store;
    const all = mailbox.all();
    if (all.length < mostOpen && mailbox.openBytes < mostOpenBytes) return false;
    const open = all.filter((one) => one.sender.machine === machine && !isFinal(one.state));
    return open.length >= mostOpen || open.reduce((sum, one) => sum + one.body.length, 0) > mostOpenBytes;
  }
}

function idIn(body: unknown): unknown {
  return typeof body === 'object' && body !== null ? (body as { id?: unknown }).id : undefined;
}
