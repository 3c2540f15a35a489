/**
 * HTTP/1.1 on the unix socket: finds the route, reads and bounds the body, turns errors into answers.
 * Knows no route by name; routes are data (routes.ts).
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
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

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const url = new URL(request.url ?? '/', 'http://claudex');
      const found = compiled
        .map((one) => ({ ...one, match: one.pattern.exec(url.pathname) }))
        .find((one) => one.match !== null && one.route.method === request.method);
      if (!found) throw new ClaudexError('NO_SUCH_ROUTE', `${request.method} ${url.pathname.slice(0, 200)}.`);
      const result = await found.route.handle({
        params: found.match!.slice(1).map(decodeParam),
        query: url.searchParams,
        body: request.method === 'POST' ? parseBody(await readBody(request)) : undefined,
        headers: request.headers,
        response,
      });
      if (result !== handled) sendJson(response, found.route.status ?? 200, result ?? {});
    } catch (thrown) {
      // somebody has hung up in the middle of their request
      if (request.destroyed && !request.complete && !(thrown instanceof ClaudexError)) return;
      const error = toClaudexError(thrown);
      if (error.code === 'INTERNAL') onInternalError(thrown);
      const body: ErrorBody = {
        error: { code: error.code, message: error.message, facts: error.facts, fix: error.fix },
      };
      if (response.headersSent) response.destroy();
      else sendJson(response, error.httpStatus, body);
    }
  }
  return server;
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
