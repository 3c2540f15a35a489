/** How another machine is asked, in the words of the web API, whatever carries them. */
import type { EventStream } from '../daemon-client/client.ts';
import type { DaemonEvent } from '../protocol/wire.ts';

export interface FarRequest {
  body?: unknown;
  headers?: Record<string, string>;
}

export interface FarRequests {
  /** @param path below `/api/v1` */
  ask<T>(method: string, path: string, request?: FarRequest): Promise<T>;
  /** What happens there from now on. Ends when the line does, or when events may have been missed. */
  events(): Promise<EventStream<DaemonEvent>>;
}
