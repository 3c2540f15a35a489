/** `claudex serve`: the Messages API on loopback, answered by warm processes. Owns the HTTP; claude is the library's. */
import { randomUUID, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ClaudexError, toClaudexError } from '../errors.ts';
import {
  errorBody,
  errorStatus,
  type MessagesAsk,
  messageBody,
  messageEvents,
  parseMessagesRequest,
} from './messages-shape.ts';
import { renderMetrics } from './metrics.ts';
import type { Workspace, Workspaces } from './workspaces.ts';

const maxBodyBytes = 4 * 1024 * 1024;

export interface MessagesServer {
  url: string;
  /** Aborts what runs, ends every process. */
  close(): Promise<void>;
}

/** Listens on 127.0.0.1 only. `port` 0 takes a free one. */
export async function startServer(options: {
  port: number;
  token: string;
  workspaces: Workspaces;
}): Promise<MessagesServer> {
  const { port, token, workspaces } = options;
  const server = createServer((request, response) => {
    void handle(request, response, token, workspaces).catch((error: unknown) => fail(response, toClaudexError(error)));
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      await workspaces.close();
      await closeServer(server);
    },
  };
}

async function handle(
  request: IncomingMessage,
  response: ServerResponse,
  token: string,
  workspaces: Workspaces,
): Promise<void> {
  const path = new URL(request.url ?? '/', 'http://127.0.0.1').pathname;
  const route = `${request.method} ${path}`;
  if (route === 'GET /health') return void json(response, 200, { status: 'ok' });
  if (!isAllowed(request, token)) throw new ClaudexError('NOT_ALLOWED');
  if (route === 'GET /metrics') {
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(renderMetrics(workspaces.all));
    return;
  }
  const name = /^POST \/([^/]+)\/v1\/messages$/.exec(route)?.[1];
  if (name === undefined) throw new ClaudexError('NO_SUCH_ROUTE', `It was ${route.slice(0, 200)}.`);
  const workspace = workspaces.find(name);
  await answer(workspace, parseMessagesRequest(await readBody(request)), response);
}

async function answer(workspace: Workspace, ask: MessagesAsk, response: ServerResponse): Promise<void> {
  const id = `msg_${randomUUID().replaceAll('-', '')}`;
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  let text = '';
  const events = workspace.client.runStream(ask.prompt, {
    ...workspace.base,
    ...ask.options,
    requestId: id,
    signal: gone.signal,
  });
  for await (const event of events) {
    if (event.type === 'error') {
      if (!response.headersSent) throw event.error;
      response.end(messageEvents.error(event.error));
    } else if (event.type === 'token') {
      text += event.text;
      if (!ask.stream) continue;
      if (!response.headersSent) begin(response, id, ask.model);
      response.write(messageEvents.token(event.text));
    } else if (event.type === 'done' && ask.stream) {
      if (!response.headersSent) begin(response, id, ask.model);
      response.end(messageEvents.end(event.result));
    } else if (event.type === 'done')
      json(response, 200, messageBody(id, ask.model, text || event.result.text, event.result));
  }
}

function begin(response: ServerResponse, id: string, model: string): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache', 'request-id': id });
  response.write(messageEvents.start(id, model));
}

/** As an SDK sends it: `x-api-key`, or `Authorization: Bearer`. */
function isAllowed(request: IncomingMessage, token: string): boolean {
  const bearer = /^Bearer (.*)$/.exec(request.headers.authorization ?? '')?.[1];
  const given = Buffer.from(String(request.headers['x-api-key'] ?? bearer ?? ''));
  const wanted = Buffer.from(token);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += (chunk as Buffer).length;
    if (bytes > maxBodyBytes) throw new ClaudexError('BODY_TOO_LARGE');
    chunks.push(chunk as Buffer);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw new ClaudexError('BAD_REQUEST', 'The body is not JSON.');
  }
}

function json(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function fail(response: ServerResponse, error: ClaudexError): void {
  if (response.headersSent) response.end();
  else json(response, errorStatus(error), errorBody(error));
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
