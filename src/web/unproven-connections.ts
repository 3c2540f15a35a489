/** Connections of which nobody has shown yet that they may be here: too many of them make the oldest go, never one that has. */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';

const maxUnproven = 500;

export class UnprovenConnections {
  /** In the order in which they came. */
  readonly #sockets = new Set<Socket>();

  watch(server: Server): void {
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
      if (this.#sockets.size <= maxUnproven) return;
      const oldest = this.#sockets.values().next().value!;
      this.#sockets.delete(oldest);
      oldest.destroy();
    });
  }

  /** It has shown a good cookie or token. */
  proven(socket: Socket): void {
    this.#sockets.delete(socket);
  }
}
