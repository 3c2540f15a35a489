/**
 * Where each device wants its pushes. One file for a device, because a browser has one subscription with a server, mode 0600: who has
 * the address can send to it. It is named after the device, and revoking the device removes it (src/web/devices.ts).
 */
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { replaceFile } from '../../home/replace-file.ts';
import type { Devices } from '../devices.ts';

/** As a browser's `PushSubscription` writes itself down. */
export interface PushSubscription {
  endpoint: string;
  keys: { p256dh: string; auth: string };
}

export class PushSubscriptions {
  readonly #devices: Devices;

  constructor(devices: Devices) {
    this.#devices = devices;
  }

  /** Takes the place of an older one of that device. */
  keep(device: string, { endpoint, keys: { p256dh, auth } }: PushSubscription): void {
    replaceFile(this.#path(device), JSON.stringify({ endpoint, keys: { p256dh, auth } }));
  }

  has(device: string): boolean {
    return this.#read(device) !== undefined;
  }

  drop(device: string): void {
    rmSync(this.#path(device), { force: true });
  }

  /** Those of devices that are still let in. */
  list(): Array<PushSubscription & { device: string }> {
    const all = readdirSync(this.#devices.pushFolder).flatMap((name) => {
      const device = /^([a-z0-9]{8})\.json$/.exec(name)?.[1];
      const kept = device === undefined ? undefined : this.#read(device);
      return kept && device !== undefined ? [{ device, ...kept }] : [];
    });
    return all.filter(({ device }) => {
      const isLetIn = this.#devices.has(device);
      if (!isLetIn) this.drop(device);
      return isLetIn;
    });
  }

  #read(device: string): PushSubscription | undefined {
    try {
      return JSON.parse(readFileSync(this.#path(device), 'utf8')) as PushSubscription;
    } catch {
      return undefined; // it has none
    }
  }

  #path(device: string): string {
    return join(this.#devices.pushFolder, `${device}.json`);
  }
}
