/** The server itself: limits of connections and times, who may ask at all, requests to Hono, upgrades to the sockets. */
import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Duplex } from 'node:stream';
import { getRequestListener } from '@hono/node-server';
import { ClaudexError, toClaudexError } from '../errors/claudex-error.ts';
import type { Log } from '../home/log.ts';
import type { Gate } from './gate.ts';
import type { UnprovenConnections } from './unproven-connections.ts';
import { errorBody, type WebApp } from './web-app.ts';

/** Milliseconds within which a request's headers, and all of it, must be here. */
const defaultTimes = { headersMs: 10_000, requestMs: 30_000 };
const maxConnections = 5000;

export interface WebServerOptions {
  app: WebApp;
  gate: Gate;
  tls: { cert: Buffer; key: Buffer } | undefined;
  connections: UnprovenConnections;
  /** Takes the connection over. @throws ClaudexError before it has answered anything */
  upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => Promise<void>;
  log: Log;
  times?: typeof defaultTimes;
}

export function createWebServer(options: WebServerOptions): Server {
  const { app, gate, tls, connections, upgrade, log, times: allowed = defaultTimes } = options;
  const times = {
    headersTimeout: allowed.headersMs,
    requestTimeout: allowed.requestMs,
    connectionsCheckingInterval: Math.min(1000, allowed.headersMs),
    keepAliveTimeout: 5000,
  };
  const server = tls ? createTlsServer({ ...times, ...tls }) : createServer(times);
  server.maxConnections = maxConnections;
  connections.watch(server);
  const listener = getRequestListener(app.fetch, {
    errorHandler: () =>
      Response.json(errorBody(new ClaudexError('BAD_REQUEST', 'It has no address.')), { status: 400 }),
  });
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    try {
      gate.checkPlace(request);
    } catch (thrown) {
      const error = toClaudexError(thrown);
      log('refused', { code: error.code });
      response.writeHead(error.httpStatus, { 'content-type': 'application/json', connection: 'close' });
      response.end(JSON.stringify(errorBody(error)));
      return;
    }
    void listener(request, response);
  });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    const take = async (): Promise<void> => {
      gate.checkPlace(request);
      await upgrade(request, socket, head);
    };
    take().catch((thrown: unknown) => {
      const error = toClaudexError(thrown);
      log('refused', { code: error.code, ...(error.code === 'INTERNAL' && { cause: error.facts }) });
      refuseUpgrade(socket, error);
    });
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    if (!socket.writable || error.code === 'ECONNRESET') return void socket.destroy();
    const late = error.code === 'ERR_HTTP_REQUEST_TIMEOUT';
    socket.end(
      `HTTP/1.1 ${late ? '408 Request Timeout' : '400 Bad Request'}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`,
    );
  });
  return server;
}

function refuseUpgrade(socket: Duplex, error: ClaudexError): void {
  if (socket.destroyed) return;
  const text = JSON.stringify(errorBody(error));
  socket.end(
    [
      `HTTP/1.1 ${error.httpStatus} ${STATUS_CODES[error.httpStatus] ?? ''}`,
      'connection: close',
      'content-type: application/json',
      `content-length: ${Buffer.byteLength(text)}`,
      '',
      text,
    ].join('\r\n'),
  );
}
