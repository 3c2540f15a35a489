/** The key pair by which push services know this server (RFC 8292). Made once: subscriptions are bound to it. */
import { createECDH } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemErrorCode } from '../../errors/claudex-error.ts';
import { placeFile } from '../../home/replace-file.ts';

/** Both base64url: a point of P-256, and its secret number. */
export interface VapidKeys {
  publicKey: string;
  privateKey: string;
}

/** Those of that folder, mode 0600; the first who asks makes them. */
export function vapidKeys(folder: string): VapidKeys {
  const path = join(folder, 'push-keys.json');
  for (;;) {
    try {
      return JSON.parse(readFileSync(path, 'utf8')) as VapidKeys;
    } catch (error) {
      if (systemErrorCode(error) !== 'ENOENT') throw error;
    }
    const pair = createECDH('prime256v1');
    pair.generateKeys();
    const padded = Buffer.concat([Buffer.alloc(32), pair.getPrivateKey()]).subarray(-32);
    const keys = { publicKey: pair.getPublicKey('base64url'), privateKey: padded.toString('base64url') };
    placeFile(path, JSON.stringify(keys));
  }
}
