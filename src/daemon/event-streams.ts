/** Open NDJSON streams: writes each event to every listener, drops the ones that do not read. */
import type { ServerResponse } from 'node:http';

/** A listener that has this much unread is gone or stopped. */
const maxUnreadBytes = 4 * 1024 * 1024;

/** Turns a response into an NDJSON stream. Returns the line writer. */
export function openStream(response: ServerResponse): (event: object) => void {
  response.writeHead(200, { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' });
  response.flushHeaders();
  return (event) => {
    if (response.destroyed) return;
    if (response.writableLength > maxUnreadBytes) response.destroy();
    else response.write(`${JSON.stringify(event)}\n`);
  };
}

export class EventStreams {
  readonly #writers = new Map<ServerResponse, (event: object) => void>();

  add(response: ServerResponse): void {
    const write = openStream(response);
    this.#writers.set(response, write);
    response.once('close', () => this.#writers.delete(response));
    write({ type: 'hello' });
  }

  send(event: object): void {
    for (const write of this.#writers.values()) write(event);
  }

  close(): void {
    for (const response of this.#writers.keys()) response.end();
  }
}
