/** How far this machine's clock is from the server's: JetStream stamps each write. */
import type { KV } from '@nats-io/kv';
import { ClaudexError } from '../errors/claudex-error.ts';
import type { Clock } from '../process/clock.ts';

/** Further apart than this, times that machines tell each other mean nothing. */
const maxSkewMs = 5 * 60_000;

/** Writes and reads back the machine's heartbeat. @returns what must be added to this clock to get the server's */
export async function measureSkew(machines: KV, name: string, clock: Clock): Promise<number> {
  const before = clock.timeOfDay();
  await machines.put(`${name}.beat`, '');
  const after = clock.timeOfDay();
  const created = (await machines.get(`${name}.beat`))?.created.getTime();
  return created === undefined ? 0 : Math.round(created - (before + after) / 2);
}

export function isTooFar(skewMs: number): boolean {
  return Math.abs(skewMs) > maxSkewMs;
}

/** @throws ClaudexError MESH_CLOCK_OFF */
export function refuseSkew(skewMs: number): void {
  if (isTooFar(skewMs)) throw new ClaudexError('MESH_CLOCK_OFF', skewText(skewMs));
}

/** `This clock is 60 minutes behind the server's.` */
export function skewText(skewMs: number): string {
  const seconds = Math.round(Math.abs(skewMs) / 1000);
  const amount = seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} minutes`;
  return `This clock is ${amount} ${skewMs > 0 ? 'behind' : 'ahead of'} the server’s.`;
}
