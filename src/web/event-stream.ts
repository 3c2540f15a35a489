/** The ring's events as server-sent events. */
import type { Clients } from './clients.ts';
import type { EventRing, WebEvent } from './event-ring.ts';
import { Answer } from './route.ts';

/** Keeps proxies from taking a quiet stream for a dead one, and finds out who has gone. */
const beatEveryMs = 15_000;
/** Who has not read that much is let go: it comes back by itself, and is told what it missed. */
const maxBehindBytes = 1024 * 1024;

const beatBytes = Buffer.from(': still here\n\n');
const made = new WeakMap<WebEvent, Buffer>();

export interface EventStreamOptions {
  device: string;
  lastEventId: string | undefined;
  clients: Clients;
  signal: AbortSignal;
}

/**
 * Begins with what was missed since `lastEventId`, or with `resync` when that is not known any more; without one with `hello`, whose
 * id is the place to go on from.
 */
export function eventStream(ring: EventRing, { device, lastEventId, clients, signal }: EventStreamOptions): Answer {
  let end = (): void => undefined;
  const body = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        let isOpen = true;
        const send = (bytes: Buffer): void => {
          if (!isOpen) return;
          controller.enqueue(bytes);
          if ((controller.desiredSize ?? 0) <= 0) end();
        };
        const listener = (event: WebEvent): void => send(bytesOf(event));
        const beat = setInterval(() => send(beatBytes), beatEveryMs).unref();
        const leave = clients.add({ device, close: () => end() });
        end = () => {
          if (!isOpen) return;
          isOpen = false;
          clearInterval(beat);
          leave();
          ring.added.remove(listener);
          controller.close();
        };
        signal.addEventListener('abort', () => end(), { once: true });
        const missed = lastEventId === undefined ? [] : ring.after(lastEventId);
        send(Buffer.from('retry: 1000\n\n'));
        if (lastEventId === undefined) send(bytesOf({ id: ring.lastId, type: 'hello', data: '{}' }));
        else if (!missed) send(bytesOf({ id: ring.lastId, type: 'resync', data: '{}' }));
        for (const event of missed ?? []) send(bytesOf(event));
        ring.added.add(listener);
      },
      cancel: () => end(),
    },
    new ByteLengthQueuingStrategy({ highWaterMark: maxBehindBytes }),
  );
  return new Answer(200, body, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  });
}

/** Made once for all who follow: with hundreds of them that is most of what a change costs. */
function bytesOf(event: WebEvent): Buffer {
  let bytes = made.get(event);
  if (!bytes) {
    const { id, type, data } = event;
    bytes = Buffer.from(`id: ${id}\nevent: ${type}\ndata: ${data}\n\n`);
    made.set(event, bytes);
  }
  return bytes;
}
