/** Paths that are upgraded to WebSockets: checked before the upgrade, then handed to what speaks there. */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { ClaudexError } from '../../errors/claudex-error.ts';
import type { Device } from '../devices.ts';
import { toldError } from '../told-error.ts';
import type { WebParts } from '../web-routes.ts';
import { chatTarget, openChat } from './chat-socket.ts';
import { poolSocket } from './pool-socket.ts';
import { openTerminal } from './terminal-socket.ts';
import { TypedStreams } from './typed-streams.ts';

/** A paste of a person; larger ones come as several. */
const maxPayloadBytes = 1024 * 1024;
/** Both ends must give a sign of life within two of these. */
const pingEveryMs = 15_000;

export type Upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => Promise<void>;

export interface UpgradeOptions extends WebParts {
  proven: (socket: Socket) => void;
}

/** What answers an upgrade. @throws ClaudexError NO_SUCH_ROUTE, NOT_SIGNED_IN, SCOPE_MISSING, and those of the terminal */
export function upgrades(parts: UpgradeOptions): Upgrade {
  const { gate, clients, proven } = parts;
  const typed = new TypedStreams();
  const server = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: maxPayloadBytes });

  return async (request, socket, head) => {
    let who: Device | undefined;
    await take(request, socket, head, (device) => (who = device)).catch((thrown: unknown) => {
      throw who ? toldError(thrown, who) : thrown;
    });
  };

  async function take(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    known: (device: Device) => Device,
  ): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://web');
    const terminal = /^\/api\/v1\/sessions\/([^/]+)\/terminal$/.exec(url.pathname);
    const accept = (device: Device): WebSocket => {
      if (socket.destroyed) throw new ClaudexError('ABORTED', 'It has gone.');
      proven(socket as Socket);
      let opened: WebSocket | undefined;
      // synchronous: the callback is called before this returns, or never
      server.handleUpgrade(request, socket, head, (one) => {
        opened = one;
      });
      if (!opened) throw new ClaudexError('BAD_REQUEST', 'This is no WebSocket handshake.');
      keepAlive(opened);
      const webSocket = opened;
      const leave = clients.add({ device: device.id, close: (why) => end(webSocket, why) });
      webSocket.once('close', leave);
      return webSocket;
    };
    if (url.pathname === '/ws') {
      const device = gate.require(request, 'view');
      await parts.feed.sessions(); // there is a daemon
      return poolSocket(accept(device), parts.feed);
    }
    if (terminal) {
      const isReadOnly = ['1', 'true', ''].includes(url.searchParams.get('readonly') ?? 'no');
      const device = known(gate.require(request, isReadOnly ? 'view' : 'terminal'));
      return openTerminal({
        parts,
        target: decoded(terminal[1]!),
        url,
        isReadOnly,
        device,
        typed,
        accept: () => accept(device),
      });
    }
    const chat = /^\/chat(?:\/([^/]+))?$/.exec(url.pathname);
    if (chat) {
      const device = known(gate.requireChat(request, chat[1]));
      const session = chatTarget(device, url.searchParams.get('session'), await parts.feed.sessions());
      return openChat(accept(device), { device, session, feed: parts.feed });
    }
    gate.require(request, 'paired');
    throw new ClaudexError('NO_SUCH_ROUTE', 'No socket is there.');
  }
}

/** How long a client has to say that it has heard of its end. */
const farewellMs = 1000;

/** Nothing that it says counts from here on: a client may keep the socket open by not answering. */
function end(socket: WebSocket, why: 'revoked' | 'ending'): void {
  socket.removeAllListeners('message');
  socket.close(why === 'revoked' ? 4001 : 1001, why);
  setTimeout(() => socket.terminate(), farewellMs).unref();
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new ClaudexError('BAD_REQUEST', 'The path is not valid percent-encoding.');
  }
}

function keepAlive(socket: WebSocket): void {
  let isAlive = true;
  socket.on('pong', () => {
    isAlive = true;
  });
  socket.on('error', () => socket.terminate()); // too large, or no WebSocket frames
  const timer = setInterval(() => {
    if (!isAlive) return socket.terminate();
    isAlive = false;
    socket.ping();
  }, pingEveryMs).unref();
  socket.once('close', () => clearInterval(timer));
}
