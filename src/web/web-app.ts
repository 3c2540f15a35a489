/** The API on Hono: each route of the table with its checks, openapi.json, the page's files, errors from the catalogue. */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { HttpBindings } from '@hono/node-server';
import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { HTTPException } from 'hono/http-exception';
import { errorCatalogue } from '../errors/catalogue.ts';
import { ClaudexError, type ErrorCode, toClaudexError } from '../errors/claudex-error.ts';
import { packageVersion } from '../home/package.ts';
import type { Device } from './devices.ts';
import { RepeatedRequests } from './repeated-requests.ts';
import { Answer, type RouteInput, type WebRoute } from './route.ts';
import { failure, saidOf } from './schemas.ts';
import { noPage, type StaticFile, securityHeaders } from './static-files.ts';
import { toldError } from './told-error.ts';
import { type WebParts, webRoutes } from './web-routes.ts';

/** A message has 256 KiB at most; JSON may write each byte as six. */
const maxBodyBytes = 2 * 1024 * 1024;
/** Seconds after which somebody who was refused for being too many may try again; a try at pairing comes back later than a place in a queue. */
const retryAfterSeconds = { pairing: '6', other: '2' };
const nobody: Device = { id: '', name: '', kind: 'program', scopes: [], target: null, createdAt: 0, lastSeenAt: 0 };
const basePath = '/api/v1';

interface WebEnv {
  Bindings: HttpBindings;
}

export type WebApp = OpenAPIHono<WebEnv>;

export interface WebAppOptions extends WebParts {
  page: ReadonlyMap<string, StaticFile>;
  isTls: boolean;
  /** A connection has shown that it may be here. */
  proven: (socket: Socket) => void;
}

export function createWebApp(options: WebAppOptions): WebApp {
  const { gate, page, isTls, proven, log } = options;
  const repeated = new RepeatedRequests<Answer>();
  const app: WebApp = new OpenAPIHono<WebEnv>({
    defaultHook: (result) => {
      if (!result.success) throw new ClaudexError('BAD_REQUEST', saidOf(result.error.issues));
    },
  });
  // before the answer is made: each header that is added to one that is there makes a new answer of it, and a stream of its bytes
  app.use(async (context, next) => {
    const headers = securityHeaders(context.env.incoming.headers.host ?? '', isTls);
    for (const [name, value] of Object.entries(headers)) context.header(name, value);
    context.header('cache-control', 'no-store');
    await next();
  });
  app.use(bodyLimit({ maxSize: maxBodyBytes, onError: tooLarge }));
  for (const one of webRoutes(options)) mount(one);
  app.get(`${basePath}/openapi.json`, (context) => {
    gate.require(context.env.incoming, 'paired');
    return context.json(openApi(app));
  });
  app.get('/healthz', (context) => context.json({ status: 'ok' }));
  app.all('/api/*', (context) => {
    gate.require(context.env.incoming, 'paired');
    throw noSuchRoute(context);
  });
  app.get('*', (context) => {
    const file = page.get(context.req.path) ?? (context.req.path === '/' && page.size === 0 ? noPage : undefined);
    if (!file) throw noSuchRoute(context);
    const { status, body, headers } = file.answer(context.env.incoming.headers);
    return body ? context.body(asBody(body), 200, headers) : context.body(null, status, headers);
  });
  app.onError((thrown, context) => {
    const error = asClaudexError(thrown);
    if (error.code === 'INTERNAL')
      log('internal-error', { cause: String(thrown instanceof Error ? thrown.stack : thrown) });
    return context.json(errorBody(error), error.httpStatus as 400, headersOf(error));
  });
  app.notFound((context) => {
    const error = noSuchRoute(context);
    return context.json(errorBody(error), 404);
  });
  return app;

  function mount(one: WebRoute): void {
    const names = [...one.path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]!);
    const params = z.strictObject(Object.fromEntries(names.map((name) => [name, z.string().min(1).max(4096)])));
    const definition = createRoute({
      method: one.method,
      path: `${basePath}${one.path}`,
      summary: one.summary,
      'x-scope': one.scope,
      request: {
        params,
        query: one.query,
        ...(one.body && { body: { required: true, content: { 'application/json': { schema: one.body } } } }),
      },
      responses: responsesOf(one),
    });
    // before any schema is looked at: who may not, learns nothing
    app.use(definition.getRoutingPath(), async (context, next) => {
      if (context.req.method.toLowerCase() === one.method) allow(one, context.env.incoming);
      await next();
    });
    app.openapi(definition, (async (context: Context<WebEnv>) => {
      const device = allow(one, context.env.incoming);
      const answer = await answerOf(one, context, device).catch((thrown: unknown) => {
        throw toldError(thrown, device);
      });
      const body = Buffer.isBuffer(answer.body) ? asBody(answer.body) : answer.body;
      return context.body(body, answer.status as 200, answer.headers);
    }) as never);
  }

  function allow(one: WebRoute, incoming: IncomingMessage): Device {
    if (one.scope === 'anyone') return nobody;
    const device = gate.require(incoming, one.scope);
    proven(incoming.socket);
    return device;
  }

  async function answerOf(one: WebRoute, context: Context<WebEnv>, device: Device): Promise<Answer> {
    const { incoming, outgoing } = context.env;
    const gone = new AbortController();
    outgoing.once('close', () => gone.abort());
    const valid = (part: string): unknown => context.req.valid(part as never);
    const input: RouteInput<unknown, unknown> = {
      params: valid('param') as Record<string, string>,
      query: valid('query'),
      body: one.body ? valid('json') : undefined,
      device,
      address: incoming.socket.remoteAddress ?? '',
      isSecure: gate.isSecure(incoming),
      idempotencyKey: keyOf(incoming),
      lastEventId: textOf(incoming.headers['last-event-id']),
      signal: gone.signal,
    };
    const run = async (): Promise<Answer> => {
      const result = await one.handle(input as RouteInput<never, never>);
      return result instanceof Answer ? result : Answer.json(result, one.status);
    };
    if (one.method !== 'post' || input.idempotencyKey === undefined || one.scope === 'anyone') return run();
    const key = `${input.device.id} ${context.req.path} ${input.idempotencyKey}`;
    return repeated.once(key, JSON.stringify([input.query, input.body]), run);
  }
}

/** The document, as the routes of `app` have it. */
export function openApi(app: WebApp): ReturnType<WebApp['getOpenAPI31Document']> {
  return app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: { title: 'claudex', version: packageVersion(), description: 'The sessions of one person’s Claude Code.' },
  });
}

/** A chat's address is for a WebSocket; its token is not repeated. */
function noSuchRoute({ req: { method, path } }: Context<WebEnv>): ClaudexError {
  if (path.startsWith('/chat/')) return new ClaudexError('NO_SUCH_ROUTE', `${method} /chat/…: it takes a WebSocket.`);
  return new ClaudexError('NO_SUCH_ROUTE', `${method} ${path.slice(0, 200)}.`);
}

/** What every error looks like on the wire. */
export function errorBody({ code, message, fix }: ClaudexError): {
  error: { code: ErrorCode; message: string; fix: string };
} {
  return { error: { code, message: code === 'INTERNAL' ? errorCatalogue.INTERNAL.text : message, fix } };
}

function headersOf({ httpStatus, code }: ClaudexError): Record<string, string> {
  const isBusy = httpStatus === 429 || httpStatus === 503 || httpStatus === 507;
  return isBusy ? { 'retry-after': retryAfterSeconds[code === 'TOO_MANY_TRIES' ? 'pairing' : 'other'] } : {};
}

function asClaudexError(thrown: unknown): ClaudexError {
  if (thrown instanceof HTTPException) {
    const isOtherType = thrown.status === 415;
    const why = isOtherType ? 'The body must come with "Content-Type: application/json".' : thrown.message;
    return new ClaudexError('BAD_REQUEST', thrown.status === 400 ? 'The body is not JSON.' : why);
  }
  return toClaudexError(thrown);
}

/** As it is: a copy of a long list for each who asks would be most of the server's memory. */
function asBody(bytes: Buffer): Uint8Array<ArrayBuffer> {
  return bytes as Buffer<ArrayBuffer>;
}

function tooLarge(): never {
  throw new ClaudexError('BODY_TOO_LARGE', `More than ${maxBodyBytes} bytes.`);
}

/** @throws ClaudexError BAD_REQUEST */
function keyOf({ headers }: IncomingMessage): string | undefined {
  const key = textOf(headers['idempotency-key']);
  if (key !== undefined && !/^[\x21-\x7e]{1,200}$/.test(key)) {
    throw new ClaudexError('BAD_REQUEST', '"Idempotency-Key" must be 1 to 200 visible ASCII characters.');
  }
  return key;
}

function textOf(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : undefined;
}

/** Errors that any route may answer with. */
const commonErrors = ['BAD_REQUEST', 'FOREIGN_HOST', 'FOREIGN_ORIGIN', 'DAEMON_UNREACHABLE', 'INTERNAL'];

function responsesOf(one: WebRoute): Record<number, { description: string; content: object }> {
  const signIn = one.scope === 'anyone' ? [] : ['NOT_SIGNED_IN', 'SCOPE_MISSING'];
  const bodies = one.body ? ['BODY_TOO_LARGE'] : [];
  const keys = one.method === 'post' && one.scope !== 'anyone' ? ['KEY_USED'] : [];
  const codes = [...one.errors, ...commonErrors, ...signIn, ...bodies, ...keys] as ErrorCode[];
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of codes) {
    const { httpStatus } = errorCatalogue[code];
    byStatus.set(httpStatus, [...(byStatus.get(httpStatus) ?? []), code]);
  }
  const good =
    one.answer === 'text/event-stream'
      ? { 'text/event-stream': { schema: z.string() } }
      : { 'application/json': { schema: one.answer } };
  return {
    [one.status]: { description: one.summary, content: good },
    ...Object.fromEntries(
      [...byStatus].map(([status, some]) => [
        status,
        { description: some.join(', '), content: { 'application/json': { schema: failure } } },
      ]),
    ),
  };
}
