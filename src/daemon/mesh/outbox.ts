/**
 * Messages for other machines, from "accepted here" to what has become of them there. They stand in the journal as every message does;
 * here is only which of them the bridge has. A message is let go of on the other machine's own word that it is on its disk. Until that
 * comes, it is sent again, with all that follows it, so that the order stays.
 */
import { ClaudexError } from '../../errors/claudex-error.ts';
import type { Log } from '../../home/log.ts';
import type { Clock } from '../../process/clock.ts';
import { Signal } from '../../process/signal.ts';
import type { MailBacklog, OutgoingMail, StateWord } from '../../protocol/machine-mail.ts';
import { isFinal, type Message } from '../../protocol/message.ts';
import type { MessageStore } from '../messages/message-store.ts';
import { Lane } from './lane.ts';
import { alwaysFit, backlogOf, isOut } from './mail-backlog.ts';
import { mailedMessage } from './mailed-message.ts';
import type { Mesh, MeshView } from './other-machines.ts';

/** What one answer to the bridge holds, at most. */
const mostMails = 64;
const fullBytes = 1 << 20;
const lookEveryMs = 1000;
/** So long after its time the other machine may still say that it had taken a message before. */
const expiryGraceMs = 60_000;
const mostAsked = 500;

export interface OutboxOptions {
  store: MessageStore;
  mesh: Pick<Mesh, 'look'>;
  clock: Clock;
  log: Log;
}

export class Outbox {
  /** There is something for the bridge. */
  readonly ready = new Signal<void>();
  readonly #options: OutboxOptions;
  readonly #store: MessageStore;
  readonly #lanes = new Map<string, Lane>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: OutboxOptions) {
    this.#options = options;
    this.#store = options.store;
  }

  /** A message has been accepted or has moved on. */
  changed({ recipient: { machine }, state }: Message): void {
    if (machine === undefined) return;
    this.#timer ??= setInterval(() => this.#look(), lookEveryMs);
    if (state === 'queued') this.ready.emit();
  }

  /** After a restart: what was under way goes on. */
  restored(): void {
    for (const machine of this.#store.mailbox.machines()) {
      for (const message of this.#open(machine)) this.changed(message);
    }
  }

  /** @throws ClaudexError MESH_OUTBOX_FULL when so much waits for that machine that no more is taken */
  checkRoom(machine: string): void {
    const { mailbox } = this.#store;
    const queue = `@${machine}`;
    if (mailbox.countOpen(queue, 'queued') + mailbox.countOpen(queue, 'sent') < alwaysFit) return;
    const { full, waiting, bytes } = this.#backlogOf(machine);
    if (!full) return;
    throw new ClaudexError('MESH_OUTBOX_FULL', `${waiting} messages wait for ${machine}, ${bytes >> 20} MiB.`);
  }

  /** What waits for each machine that something is open for. */
  backlog(): MailBacklog[] {
    return this.#store.mailbox.machines().map((machine) => this.#backlogOf(machine));
  }

  /** What is to go out now, some of it. @param line the bridge's: what another one had and did not confirm goes out again */
  take(line: string): OutgoingMail[] {
    const mails: OutgoingMail[] = [];
    let bytes = 0;
    const now = this.#options.clock.steady();
    for (const machine of this.#store.mailbox.machines()) {
      const lane = this.#laneOf(machine);
      lane.onLine(line);
      if (lane.isBlocked(now)) continue;
      let after: string | null = null;
      const asked: string[] = [];
      // messages stay here from the first on that finds no place; what is to be taken back still goes
      let isHeld = false;
      for (const message of this.#open(machine)) {
        if (mails.length >= mostMails || bytes > fullBytes) return mails;
        const { id } = message;
        const isUnderWay = isOut(message);
        if (!isUnderWay && !message.cancelling) {
          if (lane.asks && asked.length < mostAsked) asked.push(id);
          continue;
        }
        if (!message.cancelling && !lane.has(id) && lane.isFull) isHeld = true;
        if (!lane.has(id) && (message.cancelling || !isHeld)) {
          if (message.state === 'queued' && !this.#store.move(id, { state: 'sent' })) break;
          const key = lane.handOver(id, now);
          mails.push({
            key,
            to: machine,
            ...(message.cancelling
              ? { kind: 'cancel', body: { id } }
              : { kind: 'message', body: mailedMessage(message, after) }),
          });
          bytes += message.body.length + 500;
        }
        if (isUnderWay) after = id;
      }
      if (asked.length > 0) mails.push({ key: lane.ask(now), to: machine, kind: 'ask', body: { ids: asked } });
    }
    return mails;
  }

  /** The server has a piece, or why not. */
  done(key: string, error: string | undefined): void {
    for (const lane of this.#lanes.values()) lane.done(key, error, this.#options.clock.steady());
  }

  /** What another machine says of messages that were sent to it. */
  heard(machine: string, words: readonly StateWord[]): void {
    const lane = this.#laneOf(machine);
    lane.heard(this.#options.clock.steady());
    for (const word of words) {
      const message = this.#store.recall(word.id);
      if (message?.recipient.machine !== machine) {
        this.#options.log('word of a message that is not there', { machine, id: word.id });
        continue;
      }
      const wasOut = isOut(message) || message.cancelling;
      this.#apply(machine, message, word);
      if (wasOut && !isOut(message) && !message.cancelling) lane.confirmed(message.id, this.#options.clock.steady());
    }
    this.ready.emit();
  }

  /** Takes it back: at once where it has not gone out, or its machine is no more; else that machine has to say so. */
  cancel(message: Message): boolean {
    const { id, state, recipient } = message;
    if (isFinal(state) || state === 'delivered' || recipient.machine === undefined) return false;
    const view = this.#options.mesh.look();
    const isGone = !view?.machines.some(({ name }) => name === recipient.machine);
    if (state === 'queued' || isGone || state === 'stuck') return this.#store.move(id, { state: 'cancelled' });
    const isAsked = this.#store.move(id, {
      state,
      cancelling: true,
      reason: `to be taken back, which ${recipient.machine} has not said yet`,
    });
    this.#laneOf(recipient.machine).forget(id);
    this.ready.emit();
    return isAsked;
  }

  /** Undefined for a message that is for no other machine, or does not wait. */
  waitsFor(message: Message): string | undefined {
    const { machine } = message.recipient;
    if (machine === undefined || !['queued', 'sent'].includes(message.state)) return undefined;
    const view = this.#options.mesh.look();
    if (!view) return 'this machine to join the mesh again';
    const there = view.machines.find(({ name }) => name === machine);
    if (!there) return `${machine}, which is not in the mesh any more: claudex inbox retry ${message.id} --to <target>`;
    if (!view.connected) return 'the line to the mesh’s server';
    const { trouble } = this.#laneOf(machine);
    if (trouble !== undefined) return `the mesh’s server: ${trouble}`;
    return there.away ? `${machine}, which is away` : `${machine}’s word that it has it`;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #apply(machine: string, message: Message, word: StateWord): void {
    const { id } = message;
    if ('refused' in word) {
      if (isOut(message)) this.#store.move(id, { state: 'failed', reason: `${machine}: ${word.refused}` });
      return;
    }
    if ('unknown' in word) {
      if (isOut(message)) this.#laneOf(machine).forget(id);
      else this.#store.move(id, { state: 'stuck', reason: `${machine} does not know it any more` });
      return;
    }
    const { rev, reason, route, answer, recipient } = word;
    const state = ['queued', 'leased', 'sent'].includes(word.state) ? 'arrived' : word.state;
    const isNews = this.#store.move(id, {
      state,
      rev,
      ...(reason !== undefined && { reason }),
      ...(route !== undefined && { route }),
      ...(answer !== undefined && { answer }),
    });
    if (isNews && recipient && (recipient.cwd !== message.recipient.cwd || recipient.name !== message.recipient.name))
      this.#store.readdress(id, { ...message.recipient, ...recipient });
  }

  #look(): void {
    const { store, mesh, clock } = this.#options;
    const machines = store.mailbox.machines();
    if (machines.length === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
      return;
    }
    const view = mesh.look();
    const now = clock.steady();
    for (const machine of machines) {
      const lane = this.#laneOf(machine);
      const open = this.#open(machine);
      const out = open.filter((one) => isOut(one) || one.cancelling).map((one) => one.id);
      if (lane.look(now, isPresent(view, machine), out, out.length < open.length)) this.ready.emit();
      for (const { id, state, expiresAt } of open) {
        if (state !== 'sent' || expiresAt === undefined || expiresAt + expiryGraceMs > clock.timeOfDay()) continue;
        store.move(id, { state: 'expired', reason: `${machine} has not said in time that it has it` });
      }
    }
  }

  #open(machine: string): Message[] {
    return this.#store.mailbox.openFor(`@${machine}`);
  }

  #backlogOf(machine: string): MailBacklog {
    return backlogOf(machine, this.#open(machine), this.#laneOf(machine).trouble);
  }

  #laneOf(machine: string): Lane {
    const lane = this.#lanes.get(machine) ?? new Lane();
    this.#lanes.set(machine, lane);
    return lane;
  }
}

function isPresent(view: MeshView | undefined, machine: string): boolean {
  return view?.connected === true && view.machines.some(({ name, away }) => name === machine && !away);
}
