/** The ring's events as server-sent events. */
import type { Clients } from './clients.ts';
import type { EventRing, WebEvent } from './event-ring.ts';
import { Answer } from './route.ts';

/** Keeps proxies from taking a quiet stream for a dead one, and finds out who has gone. */
const beatEveryMs = 15_000;
/** Who has not read that much is let go: it comes back by itself, and is told what it missed. */
const maxBehindBytes = 1024 * 1024;

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
        const send = (text: string): void => {
          if (!isOpen) return;
          controller.enqueue(Buffer.from(text));
          if ((controller.desiredSize ?? 0) <= 0) end();
        };
        const listener = (event: WebEvent): void => send(textOf(event));
        const beat = setInterval(() => send(': still here\n\n'), beatEveryMs).unref();
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
        send('retry: 1000\n\n');
        if (lastEventId === undefined) send(textOf({ id: ring.lastId, type: 'hello', data: '{}' }));
        else if (!missed) send(textOf({ id: ring.lastId, type: 'resync', data: '{}' }));
        for (const event of missed ?? []) send(textOf(event));
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

function textOf({ id, type, data }: WebEvent): string {
  return `id: ${id}\nevent: ${type}\ndata: ${data}\n\n`;
}
