/**
 * The HTTP side: who may ask (Host, token), what for (path), how much (body). Knows nothing of claude; the answers come from
 * the routes.
 */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { isIP, type Socket } from 'node:net';
import { ApiError, toApiError } from './api-error.ts';

/** The Messages API takes 32 MB, most of it for images; text needs less. */
const maxBodyBytes = 8 * 1024 * 1024;

/** Milliseconds. */
export interface ServerTimes {
  /** A request must be here, body included, within that time. */
  bodyTimeoutMs: number;
}

export interface ServeRequest {
  requestId: string;
  method: string;
  /** Decoded parts of the path. */
  segments: string[];
  token: string;
  headers: IncomingMessage['headers'];
  response: ServerResponse;
  /** The body as text. @throws ApiError 413 */
  readBody: () => Promise<string>;
}

/** Answers one request. Thrown errors are answered in the API's shape. */
export type Handler = (request: ServeRequest) => Promise<void>;

/**
 * @param hosts names that the Host header may have besides addresses and `localhost`. A page in a browser that has made a
 * name of its own point here (DNS rebinding) sends that name.
 */
export function createServeServer(
  handle: Handler,
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
  server.on('request', (request, response) => void answer(request, response));
  server.on('clientError', refuseBroken);

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const requestId = `req_${randomUUID().replaceAll('-', '')}`;
    response.setHeader('request-id', requestId);
    try {
      checkHost(request.headers.host, hosts);
      await handle({
        requestId,
        method: request.method ?? 'GET',
        segments: pathSegments(request.url ?? '/'),
        token: tokenOf(request.headers),
        headers: request.headers,
        response,
        readBody: () => readBody(request),
      });
    } catch (thrown) {
      const error = toApiError(thrown);
      onError(requestId, error);
      refuse(response, error, requestId);
    }
  }
  return server;
}

export function sendJson(
  response: ServerResponse,
  status: number,
  value: object,
  headers: Record<string, string> = {},
): void {
  const text = JSON.stringify(value);
  response.writeHead(status, {
    ...headers,
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}

/** Node reads the rest of a body away, so that the client can read this. */
export function refuse(response: ServerResponse, error: ApiError, requestId: string): void {
  if (response.headersSent || response.destroyed) response.destroy();
  else sendJson(response, error.status, error.body(requestId), error.headers);
}

function checkHost(host: string | undefined, hosts: ReadonlySet<string>): void {
  const name = (host ?? '')
    .toLowerCase()
    .replace(/:\d+$/, '')
    .replace(/^\[(.*)\]$/, '$1');
  if (name === 'localhost' || isIP(name) !== 0 || hosts.has(name)) return;
  throw new ApiError(403, `The Host header names ${JSON.stringify(host ?? '')}, which is not this server.`);
}

function pathSegments(url: string): string[] {
  const [path = ''] = url.split('?');
  try {
    // not through URL, which would resolve `..` before anybody has looked
    return path.split('/').slice(1).map(decodeURIComponent);
  } catch {
    throw new ApiError(400, 'The path is not valid percent-encoding.');
  }
}

/** SDKs send either header; `''` when there is none. */
function tokenOf(headers: IncomingMessage['headers']): string {
  const key = headers['x-api-key'];
  if (typeof key === 'string') return key;
  return /^Bearer (.+)$/i.exec(headers.authorization ?? '')?.[1] ?? '';
}

/** What is too much is read away before it is refused: many a client reads no answer before it has sent everything. */
async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  // `break` in a loop over the request would destroy the connection before the answer
  await new Promise<void>((resolve, reject) => {
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= maxBodyBytes) chunks.push(chunk);
      else chunks.length = 0;
    });
    request.once('end', resolve);
    request.once('error', reject);
    request.once('close', () => reject(new ApiError(400, 'The connection ended before the body did.')));
  });
  if (bytes > maxBodyBytes) throw new ApiError(413, `The body is larger than ${maxBodyBytes} bytes.`);
  return Buffer.concat(chunks).toString('utf8');
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
