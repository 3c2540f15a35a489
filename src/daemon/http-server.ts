/**
 * HTTP/1.1 on the unix socket: finds the route, reads and bounds the body, turns errors into answers.
 * Knows no route by name; routes are data (routes.ts).
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { ClaudexError, toClaudexError } from '../errors/claudex-error.ts';
import type { ErrorBody } from '../protocol/wire.ts';

export const maxRequestBytes = 4 * 1024 * 1024;

export interface RouteRequest {
  /** Decoded path parameters in order. */
  params: string[];
  query: URLSearchParams;
  /** Parsed JSON body; undefined when there was none. */
  body: unknown;
  headers: IncomingMessage['headers'];
  response: ServerResponse;
}

/** What a handler returns is sent as JSON; a handler that returns `handled` answers by itself. */
export interface RouteDefinition {
  method: 'GET' | 'POST';
  /** Path with `:param` segments. */
  path: string;
  /** Who may ask: `local` is whoever can open the socket, the person's own processes. */
  who: 'local';
  status?: number;
  handle(request: RouteRequest): unknown | Promise<unknown>;
  /** A request that asks for this protocol instead gets the connection itself, once `accept` is called. */
  upgrade?: { protocol: string; handle(request: UpgradeRequest): Promise<void> };
}

export interface UpgradeRequest {
  /** Decoded path parameters in order. */
  params: string[];
  socket: Duplex;
  /** What has come with the request already. */
  head: Buffer;
  /** Tells the client that the connection speaks the other protocol from now on. */
  accept: () => void;
}

/** Returned by a handler that answers on `request.response` itself. */
export const handled = Symbol('handled');

export function createHttpServer(
  routes: readonly RouteDefinition[],
  onInternalError: (error: unknown) => void,
): Server {
  const compiled = routes.map((route) => ({
    route,
    pattern: new RegExp(`^${route.path.replaceAll(/:\w+/g, '([^/]+)')}$`),
  }));
  const server = createServer({ requestTimeout: 30_000, headersTimeout: 10_000, keepAliveTimeout: 5_000 });
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    void answer(request, response);
  });

  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    void upgrade(request, socket, head);
  });

  async function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    let isAccepted = false;
    try {
      const { route, params } = find(request);
      const protocol = request.headers.upgrade;
      if (!route.upgrade || route.upgrade.protocol !== protocol) {
        throw new ClaudexError('BAD_REQUEST', `It does not speak ${String(protocol).slice(0, 40)}.`);
      }
      const accept = (): void => {
        isAccepted = true;
        socket.write(`HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: ${protocol}\r\n\r\n`);
      };
      await route.upgrade.handle({ params, socket, head, accept });
    } catch (thrown) {
      const error = toClaudexError(thrown);
      if (error.code === 'INTERNAL') onInternalError(thrown);
      if (isAccepted) return void socket.destroy();
      const text = JSON.stringify(bodyOf(error));
      socket.end(
        `HTTP/1.1 ${error.httpStatus} Error\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
      );
    }
  }

  function find(request: IncomingMessage): { route: RouteDefinition; params: string[]; query: URLSearchParams } {
    const url = new URL(request.url ?? '/', 'http://claudex');
    const found = compiled
      .map((one) => ({ ...one, match: one.pattern.exec(url.pathname) }))
      .find((one) => one.match !== null && one.route.method === request.method);
    if (!found) throw new ClaudexError('NO_SUCH_ROUTE', `${request.method} ${url.pathname.slice(0, 200)}.`);
    return { route: found.route, params: found.match!.slice(1).map(decodeParam), query: url.searchParams };
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const { route, params, query } = find(request);
      const result = await route.handle({
        params,
        query,
        body: request.method === 'POST' ? parseBody(await readBody(request)) : undefined,
        headers: request.headers,
        response,
      });
      if (result !== handled) sendJson(response, route.status ?? 200, result ?? {});
    } catch (thrown) {
      // somebody has hung up in the middle of their request
      if (request.destroyed && !request.complete && !(thrown instanceof ClaudexError)) return;
      const error = toClaudexError(thrown);
      if (error.code === 'INTERNAL') onInternalError(thrown);
      if (response.headersSent) response.destroy();
      else sendJson(response, error.httpStatus, bodyOf(error));
    }
  }
  return server;
}

function bodyOf({ code, message, facts, fix }: ClaudexError): ErrorBody {
  return { error: { code, message, facts, fix } };
}

function decodeParam(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new ClaudexError('BAD_REQUEST', 'The path is not valid percent-encoding.', { cause });
  }
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  const text = JSON.stringify(value);
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
  response.end(text);
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += (chunk as Buffer).length;
    if (bytes > maxRequestBytes) throw new ClaudexError('BODY_TOO_LARGE', `More than ${maxRequestBytes} bytes.`);
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parseBody(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ClaudexError('BAD_REQUEST', 'The body is not JSON.', { cause });
  }
}
