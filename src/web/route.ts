/** One route of the web's API as data: what it is called, who may, what goes in and comes out, and what it does. */
import { z } from '@hono/zod-openapi';
import type { Device } from './devices.ts';
import type { Scope } from './scopes.ts';

/** `anyone`: before a device has been let in. `paired`: any device that has been. */
export type RouteScope = Scope | 'anyone' | 'paired';

export interface RouteInput<Query, Body> {
  /** The `{…}` parts of the path. */
  params: Record<string, string>;
  query: Query;
  body: Body;
  /** Who asks; for `anyone` a device of nobody. */
  device: Device;
  /** Where the request comes from, for limits. */
  address: string;
  /** It came over https, as far as the browser is concerned. */
  isSecure: boolean;
  /** From the header; the same key from the same device is the same request. */
  idempotencyKey: string | undefined;
  lastEventId: string | undefined;
  /** Nobody waits for the answer any more. */
  signal: AbortSignal;
}

/** An answer that is not simply JSON with the route's status. */
export class Answer {
  readonly status: number;
  readonly body: string | Buffer | ReadableStream;
  readonly headers: Record<string, string>;

  constructor(status: number, body: string | Buffer | ReadableStream, headers: Record<string, string> = {}) {
    this.status = status;
    this.body = body;
    this.headers = headers;
  }

  static json(value: unknown, status = 200, headers: Record<string, string> = {}): Answer {
    return new Answer(status, JSON.stringify(value), { 'content-type': 'application/json', ...headers });
  }
}

export interface WebRoute {
  method: 'get' | 'post' | 'delete';
  /** Below `/api/v1`, as OpenAPI writes it: `/sessions/{id}`. */
  path: string;
  scope: RouteScope;
  summary: string;
  query: z.ZodObject;
  body: z.ZodType | undefined;
  /** What a good answer holds; a media type for a stream. */
  answer: z.ZodType | 'text/event-stream';
  status: number;
  /** Errors of the catalogue that this route may answer with besides those that every route has. */
  errors: readonly string[];
  handle(input: RouteInput<never, never>): unknown;
}

const nothing = z.strictObject({});

/** A route with the types of its query and body known to what handles it. */
export function route<Query extends z.ZodObject = typeof nothing, Body extends z.ZodType = z.ZodUndefined>(
  definition: Pick<WebRoute, 'method' | 'path' | 'scope' | 'summary' | 'answer'> & {
    query?: Query;
    body?: Body;
    status?: number;
    errors?: WebRoute['errors'];
    handle: (input: RouteInput<z.infer<Query>, z.infer<Body>>) => unknown;
  },
): WebRoute {
  const { query = nothing, body, status = 200, errors = [], handle, ...rest } = definition;
  return { ...rest, query, body, status, errors, handle: handle as WebRoute['handle'] };
}
