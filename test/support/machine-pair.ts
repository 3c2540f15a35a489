/** Two daemons' parts that exchange messages, with journals on disk and a time of their own; what is between them is the test's. */
import { join } from 'node:path';
import type { AcceptOptions } from '../../src/daemon/delivery/accept-send.ts';
import { PeerRules } from '../../src/daemon/delivery/peer-rules.ts';
import { Incoming } from '../../src/daemon/mesh/incoming.ts';
import { Outbox } from '../../src/daemon/mesh/outbox.ts';
import { ToldBack } from '../../src/daemon/mesh/told-back.ts';
import { Journal } from '../../src/daemon/messages/journal.ts';
import { MessageStore } from '../../src/daemon/messages/message-store.ts';
import { SessionTable } from '../../src/daemon/sessions/session-table.ts';
import type { OutgoingMail, Verdict } from '../../src/protocol/machine-mail.ts';
import type { Message } from '../../src/protocol/message.ts';
import type { TestClock } from './a-clock.ts';

/** One machine: `work` is the one session there, which is no more than a name. */
export class MachineParts {
  readonly name: string;
  readonly store: MessageStore;
  readonly outbox: Outbox;
  readonly toldBack: ToldBack;
  readonly incoming: Incoming;
  readonly #journal: Journal;
  #isClosed = false;

  constructor(folder: string, name: string, other: string, clock: TestClock, { maySend = true } = {}) {
    this.name = name;
    this.#journal = new Journal(join(folder, `${name}.ndjson`));
    const log = (): void => undefined;
    this.store = new MessageStore({ journal: this.#journal, log, clock });
    const view = { own: name, connected: true, machines: [{ name: other, away: false, sessions: [] }] };
    const mesh = { look: () => view, sender: () => ({ maySend, isTrusted: false }) };
    this.outbox = new Outbox({ store: this.store, mesh, clock, log });
    this.toldBack = new ToldBack({ get: (id) => this.store.get(id), waitsFor: () => undefined });
    const dispatcher = {
      accept: (message: Message) => this.store.accept(message),
      inHand: () => [],
      change: (id: string) => this.store.recall(id)?.state === 'queued' && this.store.move(id, { state: 'cancelled' }),
    };
    const accept: AcceptOptions = {
      table: new SessionTable(clock),
      store: this.store,
      waysIn: { offers: () => true },
      dispatcher,
      peers: new PeerRules({ allow: 'all', maxHops: 8, perMinute: 1000 }),
      absent: () => [{ id: 'workwork', name: 'work', alias: 'work', cwd: '/work', takes: true, why: '' }],
      onMachine: () => undefined,
      clock,
    };
    this.incoming = new Incoming({
      accept,
      store: this.store,
      dispatcher,
      outbox: this.outbox,
      toldBack: this.toldBack,
      mesh,
      clock,
      log,
    });
    this.store.changed.add((message) => this.outbox.changed(message));
    this.store.changed.add((message) => this.toldBack.changed(message));
    this.outbox.restored();
    for (const message of this.store.mailbox.all()) this.toldBack.changed(message);
  }

  /** What goes out now. */
  take(line: string): OutgoingMail[] {
    return [...this.toldBack.take(line), ...this.outbox.take(line)];
  }

  done(key: string, error?: string): void {
    this.outbox.done(key, error);
    this.toldBack.done(key, error);
  }

  /** As it comes over a line: nothing but its JSON. */
  hear(mails: readonly OutgoingMail[], from: string): Promise<Verdict[]> {
    return this.incoming.take(
      mails.map(({ kind, body }) => ({ from, key: 'K', kind, body: JSON.parse(JSON.stringify(body)) })),
    );
  }

  /** What nothing but its journal outlives. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.outbox.close();
    this.store.close();
    this.#journal.close();
  }
}
