/** The daemon's side of sending between machines: what goes out, what comes in, and the bridge that waits for it. */
import type { ServerResponse } from 'node:http';
import type { Log } from '../../home/log.ts';
import type { Clock } from '../../process/clock.ts';
import type { NextRequest, OutgoingMail } from '../../protocol/machine-mail.ts';
import type { Message, Recipient } from '../../protocol/message.ts';
import type { AcceptOptions } from '../delivery/accept-send.ts';
import type { Dispatcher } from '../delivery/dispatcher.ts';
import type { MessageStore } from '../messages/message-store.ts';
import { BridgeKeeper } from './bridge-keeper.ts';
import { Incoming } from './incoming.ts';
import { type Mesh, recipientOnMachine } from './other-machines.ts';
import { Outbox } from './outbox.ts';
import { ToldBack } from './told-back.ts';

/** A bridge that asks is answered after this long, with nothing if there is nothing. */
const longestWaitMs = 20_000;

export interface MachineMailOptions {
  accept: AcceptOptions;
  store: MessageStore;
  dispatcher: Dispatcher;
  mesh: Mesh;
  waitsFor: (message: Message) => string | undefined;
  clock: Clock;
  log: Log;
}

export class MachineMail {
  readonly outbox: Outbox;
  readonly incoming: Incoming;
  readonly #toldBack: ToldBack;
  readonly #keeper: BridgeKeeper;
  readonly #store: MessageStore;
  readonly #mesh: Mesh;
  /** Answers the bridge that waits. */
  #answer: (() => void) | undefined;
  #isClosed = false;

  constructor({ accept, store, dispatcher, mesh, waitsFor, clock, log }: MachineMailOptions) {
    this.#store = store;
    this.#mesh = mesh;
    this.outbox = new Outbox({ store, mesh, clock, log });
    this.#toldBack = new ToldBack({ get: (id) => store.get(id), waitsFor });
    this.incoming = new Incoming({
      accept,
      store,
      dispatcher,
      outbox: this.outbox,
      toldBack: this.#toldBack,
      mesh,
      clock,
      log,
    });
    this.#keeper = new BridgeKeeper(mesh, log);
    for (const part of [this.outbox, this.#toldBack]) part.ready.add(() => this.#answer?.());
  }

  /** Where a target is that no session here has. @throws ClaudexError MESH_NOT_JOINED, MESH_NO_SUCH_MACHINE, NO_SUCH_SESSION, MESH_OUTBOX_FULL */
  recipient(target: string): Recipient | undefined {
    const recipient = recipientOnMachine(target, this.#mesh.look());
    if (recipient?.machine !== undefined) this.outbox.checkRoom(recipient.machine);
    return recipient;
  }

  /** A message is new, or has moved on. */
  changed(message: Message): void {
    this.outbox.changed(message);
    this.#toldBack.changed(message);
  }

  /** After a restart: nobody knows what was told last. */
  restored(): void {
    this.outbox.restored();
    for (const message of this.#store.mailbox.all()) this.#toldBack.changed(message);
  }

  /** What is to go out now, or once there is something; one bridge waits at a time. */
  async next({ line, done }: NextRequest, response: ServerResponse): Promise<OutgoingMail[]> {
    this.#keeper.asked(response);
    for (const { key, error } of done) {
      this.outbox.done(key, error);
      this.#toldBack.done(key, error);
    }
    const waiting = this.#answer;
    this.#answer = undefined;
    waiting?.();
    const until = performance.now() + longestWaitMs;
    for (;;) {
      const mails = line === null || this.#isClosed ? [] : [...this.#toldBack.take(line), ...this.outbox.take(line)];
      if (mails.length > 0 || this.#isClosed) return mails;
      if (!(await this.#somethingComes(until - performance.now(), response))) return [];
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#keeper.close();
    this.outbox.close();
    this.#toldBack.close();
    this.#answer?.();
  }

  /** False when the time is over, or another request waits in the place of this one. */
  async #somethingComes(ms: number, response: ServerResponse): Promise<boolean> {
    if (ms <= 0 || response.destroyed) return false;
    let answer: (() => void) | undefined;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      answer = resolve;
      this.#answer = resolve;
      timer = setTimeout(resolve, ms);
      response.once('close', resolve);
    });
    clearTimeout(timer);
    // what comes together goes out together
    await new Promise((resolve) => setImmediate(resolve));
    const isStillHere = this.#answer === answer;
    if (isStillHere) this.#answer = undefined;
    return isStillHere && !response.destroyed;
  }
}
