/** Everybody who stays connected: streams of events and sockets. A device that is revoked loses all of its own at once. */
import { type FSWatcher, watch } from 'node:fs';
import type { Devices } from './devices.ts';

export interface Client {
  device: string;
  /** Ends it, because its device was revoked or because the server ends; it may be called twice. */
  close: (why: 'revoked' | 'ending') => void;
}

/** Where the folder cannot be watched (no inotify left), revoked devices are looked for this often. */
const lookEveryMs = 5000;

export class Clients {
  readonly #devices: Devices;
  readonly #all = new Set<Client>();
  #watcher: FSWatcher | undefined;
  readonly #timer: NodeJS.Timeout;

  constructor(devices: Devices) {
    this.#devices = devices;
    this.#timer = setInterval(() => this.dropRevoked(), lookEveryMs).unref();
    try {
      this.#watcher = watch(devices.folder, { persistent: false }, () => this.dropRevoked());
      this.#watcher.on('error', () => this.#watcher?.close());
    } catch {
      // the timer does it
    }
  }

  get count(): number {
    return this.#all.size;
  }

  /** @returns what takes it off the list again */
  add(client: Client): () => void {
    this.#all.add(client);
    return () => this.#all.delete(client);
  }

  dropRevoked(): void {
    const known = new Map<string, boolean>();
    for (const client of this.#all) {
      const isKnown = known.get(client.device) ?? this.#devices.has(client.device);
      known.set(client.device, isKnown);
      if (!isKnown) client.close('revoked');
    }
  }

  close(): void {
    clearInterval(this.#timer);
    this.#watcher?.close();
    for (const client of this.#all) client.close('ending');
  }
}
