/** Connections of which nobody has shown yet that they may be here: too many of them make the oldest go, never one that has. */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';

const maxUnproven = 500;

export class UnprovenConnections {
  /** By the other end's address, in the order in which they came: with TLS, what a request comes on is another object than what was accepted. */
  readonly #sockets = new Map<string, Socket>();

  watch(server: Server): void {
    server.on('connection', (socket) => {
      const end = otherEnd(socket);
      if (end === undefined) return void socket.destroy(); // it has gone already
      this.#sockets.set(end, socket);
      socket.once('close', () => {
        if (this.#sockets.get(end) === socket) this.#sockets.delete(end);
      });
      if (this.#sockets.size <= maxUnproven) return;
      const [oldest, gone] = this.#sockets.entries().next().value!;
      this.#sockets.delete(oldest);
      gone.destroy();
    });
  }

  /** It has shown a good cookie or token. */
  proven(socket: Socket): void {
    const end = otherEnd(socket);
    if (end !== undefined) this.#sockets.delete(end);
  }
}

function otherEnd({ remoteAddress, remotePort }: Socket): string | undefined {
  return remotePort === undefined ? undefined : `${remoteAddress} ${remotePort}`;
}
