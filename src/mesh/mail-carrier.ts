/** Mail of this machine, for as long as the line to the server is up: out and in. What fails of it is tried again at the next heartbeat. */
import type { NatsConnection } from '@nats-io/transport-node';
import { type Log, wordsOf } from '../home/log.ts';
import { asMeshError } from './connect.ts';
import { carryIn, type MailInParts } from './mail-in.ts';
import { carryOut, type MailOutParts } from './mail-out.ts';
import { openMailbox } from './mailbox.ts';
import type { Sealing } from './sealing.ts';

export type MailCarrierParts = MailLineParts & { sealing: Sealing | undefined };
type MailLineParts = Omit<MailInParts & MailOutParts, 'sealing'> & { url: string; log: Log };

export class MailCarrier {
  /** What is wrong with the mail, in words. */
  trouble: string | null = null;
  readonly #parts: MailCarrierParts;
  #line: AbortController;
  #connection: NatsConnection | undefined;
  #isCarrying = false;

  constructor(parts: MailCarrierParts) {
    this.#parts = parts;
    this.#line = this.#announce();
  }

  /** The line is up. */
  up(connection: NatsConnection): void {
    this.#connection = connection;
    this.#isCarrying = false;
    this.beat();
  }

  /** Tries again what has failed. */
  beat(): void {
    const { own, sealing, url } = this.#parts;
    const connection = this.#connection;
    if (!connection || this.#isCarrying) return;
    if (sealing === undefined) {
      this.trouble = 'This machine has no key to sign mail with: leave the mesh, and join again.';
      return;
    }
    this.#line.abort();
    this.#line = new AbortController();
    this.#isCarrying = true;
    const { signal } = this.#line;
    openMailbox(connection, own, url)
      .then((mailbox) => {
        this.trouble = null;
        return Promise.race([
          carryIn(mailbox, { ...this.#parts, sealing }, signal),
          carryOut(connection, { ...this.#parts, sealing }, signal),
        ]);
      })
      .catch((error) => {
        if (signal.aborted) return;
        const { code, message, fix } = asMeshError(error, url);
        this.trouble = `Mail: ${message}${code === 'MESH_NO_MAILBOX' ? ` Fix: ${fix}` : ''}`;
        this.#parts.log('mail stopped', { error: wordsOf(error) });
        this.#isCarrying = false;
        this.#line.abort();
        this.#line = this.#announce();
      });
  }

  /** The line is down. */
  down(): void {
    this.#connection = undefined;
    this.#isCarrying = false;
    this.#line.abort();
    this.#line = this.#announce();
  }

  close(): void {
    this.#connection = undefined;
    this.#line.abort();
  }

  /** The daemon is to know that the bridge lives. */
  #announce(): AbortController {
    const line = new AbortController();
    void carryOut(undefined, this.#parts, line.signal);
    return line;
  }
}
