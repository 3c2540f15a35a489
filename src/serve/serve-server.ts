/**
 * The HTTP side, on Hono: who may ask (Host, token), how much (body), errors in the API's shape. Knows nothing of claude; the
 * answers come from the routes.
 */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { getRequestListener, type HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { type Context, Hono } from 'hono';
import { readBody } from '../http/read-body.ts';
import { isOwnHost } from '../http/who-may-ask.ts';
import { ApiError, toApiError } from './api-error.ts';

/** The Messages API takes 32 MB, most of it for images; text needs less. */
const maxBodyBytes = 8 * 1024 * 1024;

/** Milliseconds. */
export interface ServerTimes {
  /** A request must be here, body included, within that time. */
  bodyTimeoutMs: number;
}

interface ServeEnv {
  Bindings: HttpBindings;
  Variables: {
    requestId: string;
    /** Decoded parts of the path, as it was sent. */
    segments: string[];
    /** What the request shows for a token; `''` when there is none. */
    token: string;
  };
}

export type ServeContext = Context<ServeEnv>;
export type ServeApp = Hono<ServeEnv>;

/** Puts the routes on the app. Thrown errors are answered in the API's shape. */
export type AddRoutes = (app: ServeApp) => void;

/**
 * @param hosts names that the Host header may have besides addresses and `localhost`. A page in a browser that has made a
 * name of its own point here (DNS rebinding) sends that name.
 */
export function createServeServer(
  addRoutes: AddRoutes,
  hosts: ReadonlySet<string>,
  times: ServerTimes,
  onError: (requestId: string, error: ApiError) => void,
): Server {
  const server = createServer({
    headersTimeout: times.bodyTimeoutMs,
    requestTimeout: times.bodyTimeoutMs,
    connectionsCheckingInterval: Math.min(1000, times.bodyTimeoutMs),
    keepAliveTimeout: 5000,
  });
  // the path as it was sent: a URL would resolve `..` before anybody has looked
  const app: ServeApp = new Hono<ServeEnv>({ getPath: (_request, options) => pathOf(incomingOf(options)) });
  app.use(async (context, next) => {
    const { incoming } = context.env;
    context.set('requestId', requestIdOf(context.env.outgoing));
    context.set('segments', pathSegments(incoming));
    context.set('token', tokenOf(incoming));
    await next();
  });
  addRoutes(app);
  app.onError((thrown, context) => {
    refuse(context.env.outgoing, thrown);
    return RESPONSE_ALREADY_SENT;
  });
  const listener = getRequestListener(app.fetch, {
    overrideGlobalObjects: false,
    autoCleanupIncoming: false, // Node reads the rest of a body away, so that the client can read a refusal
    errorHandler: (thrown) => toResponse(thrown),
  });
  server.on('request', (request, response) => {
    response.setHeader('request-id', `req_${randomUUID().replaceAll('-', '')}`);
    const host = request.headers.host;
    if (isOwnHost(host, hosts)) void listener(request, response);
    else {
      const named = JSON.stringify(host ?? '');
      refuse(response, new ApiError(403, `The Host header names ${named}, which is not this server.`));
    }
  });
  server.on('clientError', refuseBroken);

  function refuse(response: ServerResponse, thrown: unknown): void {
    const error = toApiError(thrown);
    const requestId = requestIdOf(response);
    onError(requestId, error);
    sendError(response, error, requestId);
  }

  /** What never came to a route: a URL that is none. */
  function toResponse(thrown: unknown): Response {
    const error = new ApiError(400, 'This is no address of an HTTP request.', {}, { cause: thrown });
    onError('', error);
    return Response.json(error.body(''), { status: error.status });
  }
  return server;
}

/** Sends the error by itself; where an answer has begun, only its end can tell. */
export function sendError(response: ServerResponse, error: ApiError, requestId: string): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const text = JSON.stringify(error.body(requestId));
  response.writeHead(error.status, {
    ...error.headers,
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}

/** The body as text. @throws ApiError 413 */
export async function bodyOf(context: ServeContext): Promise<string> {
  return readBody(context.env.incoming, maxBodyBytes);
}

function incomingOf(options: { env?: HttpBindings } | undefined): IncomingMessage {
  return options!.env!.incoming;
}

function requestIdOf(response: ServerResponse): string {
  return String(response.getHeader('request-id'));
}

function pathOf({ url = '/' }: IncomingMessage): string {
  return url.split('?')[0]!;
}

function pathSegments(request: IncomingMessage): string[] {
  try {
    return pathOf(request).split('/').slice(1).map(decodeURIComponent);
  } catch {
    throw new ApiError(400, 'The path is not valid percent-encoding.');
  }
}

/** SDKs send either header. */
function tokenOf({ headers }: IncomingMessage): string {
  const key = headers['x-api-key'];
  if (typeof key === 'string') return key;
  return /^Bearer (.+)$/i.exec(headers.authorization ?? '')?.[1] ?? '';
}

/** What is no HTTP, or did not come in time. */
function refuseBroken(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') return void socket.destroy();
  const late = error.code === 'ERR_HTTP_REQUEST_TIMEOUT';
  const refusal = late
    ? new ApiError(408, 'The request did not arrive in time.')
    : new ApiError(400, 'This is no HTTP request.');
  const text = JSON.stringify(refusal.body(''));
  const status = late ? '408 Request Timeout' : '400 Bad Request';
  socket.end(
    `HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
  );
}
