/** Viewers that come through the daemon: their connection is joined with that of the host, which does the rest. */
import type { Duplex } from 'node:stream';
import { connectHostSocket } from '../../host-client/host-connection.ts';

export class Attachments {
  readonly #open = new Set<Duplex>();

  /** Joins them until one of them ends. Who does not read holds up nobody but itself: the host sees to that. @throws ClaudexError HOST_UNREACHABLE */
  async join(viewer: Duplex, head: Buffer, socketPath: string, joined: () => void): Promise<void> {
    const host = await connectHostSocket(socketPath);
    if (viewer.destroyed) {
      host.destroy();
      return;
    }
    joined();
    for (const [one, other] of [
      [viewer, host],
      [host, viewer],
    ] as const) {
      this.#open.add(one);
      one.once('close', () => {
        this.#open.delete(one);
        // what is on its way to the other goes out first
        other.end();
        setTimeout(() => other.destroy(), leaveTakesMs).unref();
      });
      one.on('error', () => one.destroy());
    }
    host.write(head);
    viewer.pipe(host);
    host.pipe(viewer);
  }

  /** Cuts all of them. */
  close(): void {
    for (const one of this.#open) one.destroy();
  }
}

/** Who has been told that it is over has this long to take the rest. */
const leaveTakesMs = 5000;
