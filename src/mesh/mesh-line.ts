/** The bridge's line to NATS: kept up for ever, watched anew after each gap, everything told again then. */
import type { KV, KvWatchEntry } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import { type Log, wordsOf } from '../home/log.ts';
import { packageVersion } from '../home/package.ts';
import type { Clock } from '../process/clock.ts';
import type { SessionRecord } from '../protocol/session.ts';
import { isTooFar, measureSkew, skewText } from './clock-skew.ts';
import { asMeshError, connectMesh, openMachines } from './connect.ts';
import { recordText } from './machine-record.ts';
import type { Joined } from './mesh-files.ts';
import { namesInBucket } from './names-in-bucket.ts';
import { lastBeat, type SeenMachines } from './seen-machines.ts';
import { type SigningKey, signingKey } from './signing-key.ts';

/** A clock that is corrected by less is none that was set. */
const steppedMs = 1000;
/** A server that does not answer is tried again after this long. */
const tryAgainMs = 1000;

interface MeshLineParts {
  joined: Joined;
  machines: SeenMachines;
  clock: Clock;
  log: Log;
  /** The line has come up for the first time, or a new one has. */
  connected: (connection: NatsConnection) => void;
  /** This machine takes encrypted bodies alone. */
  isSealing: () => boolean;
  /** Something is known that was not before. */
  changed: () => void;
  cameUp: (connection: NatsConnection) => void;
  wentDown: () => void;
}

export class MeshLine {
  readonly #parts: MeshLineParts;
  readonly #key: SigningKey | undefined;
  #connection: NatsConnection | undefined;
  #bucket: KV | undefined;
  #watch: { stop(): void } | undefined;
  #sessions: SessionRecord[] = [];
  #told = '';
  #skewMs = 0;
  /** The time of day beside the steady clock, when the skew was measured. */
  #offsetMs = 0;
  #isClosed = false;
  #isComing = false;
  #isOpening = false;
  /** The connection has lost its server. */
  #isDown = false;
  #again: NodeJS.Timeout | undefined;
  /** The most that the time of day was ahead of the steady clock while this connection was there. */
  #mostOffsetMs = 0;
  trouble: string | null = 'The server has not answered yet.';

  constructor(parts: MeshLineParts) {
    this.#parts = parts;
    this.#key = signingKey(parts.joined);
  }

  get isConnected(): boolean {
    return this.#bucket !== undefined;
  }

  /** The server's clock is so much ahead of the time of day, which may have been set since that was measured. */
  get skewMs(): number {
    return Math.round(this.#skewMs + this.#offsetMs - this.#offsetNow());
  }

  /** Now, by the server's clock. */
  serverTime(): number {
    return this.#parts.clock.timeOfDay() + this.skewMs;
  }

  /** Begins; the line may come up at any later time. */
  open(): void {
    clearTimeout(this.#again);
    if (this.#isOpening || this.#isClosed) return;
    this.#isOpening = true;
    connectMesh(this.#parts.joined, { lasting: true }).then(
      (connection) => this.#connected(connection),
      (error) => {
        this.#isOpening = false;
        this.#failed(error);
        if (!this.#isClosed) this.#again = setTimeout(() => this.open(), tryAgainMs);
      },
    );
  }

  /** These are this machine's sessions now. */
  tell(sessions: SessionRecord[]): void {
    this.#sessions = sessions;
    void this.#publish();
  }

  /** Says that the machine is there; brings up what could not come up before. */
  async beat(): Promise<void> {
    this.#mostOffsetMs = Math.max(this.#mostOffsetMs, this.#offsetNow());
    if (!this.#bucket) return this.#bringUp();
    try {
      // after a sleep, or when the clock has been set; measuring is a beat too
      if (this.#parts.machines.nameIsLost) return;
      if (Math.abs(this.#offsetMs - this.#offsetNow()) > steppedMs) await this.#measure(this.#bucket);
      else await this.#bucket.put(`${this.#parts.joined.name}.beat`, '');
      await this.#publish();
    } catch (error) {
      this.#failed(error);
    }
  }

  /** What is not up, though it was begun. */
  async #bringUp(): Promise<void> {
    const connection = this.#connection;
    const isSetBack = this.#offsetNow() < this.#mostOffsetMs - steppedMs;
    if (!connection || connection.isClosed() || (this.#isDown && isSetBack)) {
      // NATS's client reckons by the time of day when it may try again: a clock that was set back by an hour makes it wait for an hour
      this.#connection = undefined;
      await connection?.close();
      return this.open();
    }
    if (!this.#isDown) await this.#cameUp();
  }

  /** Says that the machine goes, where it still can. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#again);
    this.#watch?.stop();
    const { name } = this.#parts.joined;
    // a line that is down is not waited for
    const words = this.#parts.machines.nameIsLost ? undefined : this.#bucket?.put(`${name}.beat`, lastBeat);
    await Promise.race([words, new Promise((resolve) => setTimeout(resolve, 1000).unref())]).catch(() => undefined);
    await this.#connection?.close();
  }

  async #connected(connection: NatsConnection): Promise<void> {
    this.#isOpening = false;
    if (this.#isClosed) return connection.close();
    this.#connection = connection;
    this.#isDown = false;
    this.#mostOffsetMs = this.#offsetNow();
    void this.#follow(connection);
    await this.#cameUp();
  }

  /** What happens to the connection itself. */
  async #follow(connection: NatsConnection): Promise<void> {
    for await (const { type } of connection.status()) {
      if (connection !== this.#connection) return;
      if (type === 'disconnect') {
        this.#isDown = true;
        this.#failed(new Error('the line is down'));
        await this.#bringUp();
      }
      if (type === 'reconnect') {
        this.#isDown = false;
        await this.#cameUp();
      }
    }
  }

  async #cameUp(): Promise<void> {
    const { joined, log, changed } = this.#parts;
    if (!this.#connection || this.#isComing || this.#isClosed) return;
    this.#isComing = true;
    try {
      this.#watch?.stop();
      const bucket = await openMachines(this.#connection, joined.url);
      await this.#measure(bucket);
      await this.#lookAround(this.#connection, bucket);
      const watch = await bucket.watch();
      this.#watch = watch;
      this.#bucket = bucket;
      this.trouble = isTooFar(this.#skewMs) ? skewText(this.#skewMs) : null;
      this.#told = '';
      log('mesh reached', { url: joined.url, skewMs: this.#skewMs });
      this.#parts.connected(this.#connection);
      void this.#take(watch);
      await this.#publish();
      this.#parts.cameUp(this.#connection);
      changed();
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#isComing = false;
    }
  }

  async #measure(bucket: KV): Promise<void> {
    const { joined, clock } = this.#parts;
    this.#skewMs = await measureSkew(bucket, joined.name, clock);
    this.#offsetMs = this.#offsetNow();
  }

  #offsetNow(): number {
    const { clock } = this.#parts;
    return clock.timeOfDay() - clock.steady();
  }

  /** Who has gone in the meantime, and whether the name is still this machine's: before anything is told. */
  async #lookAround(connection: NatsConnection, bucket: KV): Promise<void> {
    const { joined, machines } = this.#parts;
    machines.keepOnly(await namesInBucket(connection));
    const own = await bucket.get(joined.name);
    machines.apply({ key: joined.name, text: own?.string() ?? '', isGone: own?.operation !== 'PUT', agoMs: 0 });
  }

  async #take(watch: AsyncIterable<KvWatchEntry>): Promise<void> {
    const { machines, clock, changed } = this.#parts;
    try {
      for await (const { key, value, operation, created } of watch) {
        const agoMs = clock.timeOfDay() + this.skewMs - created.getTime();
        const text = new TextDecoder().decode(value);
        if (machines.apply({ key, text, isGone: operation !== 'PUT', agoMs })) changed();
      }
    } catch (error) {
      this.#failed(error);
    }
  }

  async #publish(): Promise<void> {
    const { joined, machines } = this.#parts;
    const text = recordText(joined.id, packageVersion(), this.#sessions, {
      key: this.#key?.publicKey,
      isSealing: this.#parts.isSealing(),
    });
    if (!this.#bucket || machines.nameIsLost || text === this.#told) return;
    this.#told = text;
    try {
      await this.#bucket.put(joined.name, text);
    } catch (error) {
      this.#told = '';
      this.#failed(error);
    }
  }

  /** Without a bucket until the next try: the line's own, or the next heartbeat. */
  #failed(error: unknown): void {
    if (this.#isClosed) return;
    const known = asMeshError(error, this.#parts.joined.url);
    if (known.message !== this.trouble) this.#parts.log('mesh lost', { code: known.code, error: wordsOf(error) });
    this.trouble = known.message;
    if (this.#bucket) this.#parts.wentDown();
    this.#bucket = undefined;
    this.#watch?.stop();
    this.#parts.changed();
  }
}
