/** Errors in the Messages API's own shape (docs: API errors), so that an SDK throws what it throws for the API itself. */
import type { ResultLine } from '../claude/stream/stream-json.ts';
import { ClaudexError, toClaudexError } from '../errors/claudex-error.ts';
import type { LogFields } from '../home/log.ts';

/** The API's name for each status it answers with. */
const typeOfStatus: Record<number, string> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  402: 'billing_error',
  403: 'permission_error',
  404: 'not_found_error',
  408: 'timeout_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  504: 'timeout_error',
  529: 'overloaded_error',
};

/** Seconds after which a client may try again when all places were taken. */
const retryAfterSeconds = 2;

export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly headers: Record<string, string>;

  constructor(status: number, message: string, headers: Record<string, string> = {}, options?: { cause: unknown }) {
    super(message, options);
    this.status = status;
    this.headers = headers;
  }

  get type(): string {
    return typeOfStatus[this.status] ?? (this.status < 500 ? 'invalid_request_error' : 'api_error');
  }

  /** The body, and the data of an `error` event in a stream. */
  body(requestId: string): object {
    return { type: 'error', error: { type: this.type, message: this.message }, request_id: requestId };
  }
}

/** The request cannot be honoured as it stands. `where` is the path of the field, as in the API's own messages. */
export function invalidRequest(where: string, why: string): ApiError {
  return new ApiError(400, `${where}: ${why}`);
}

/** Too many at once; the SDKs wait as told and try again by themselves. */
export function busy(status: 429 | 503 | 529, message: string): ApiError {
  return new ApiError(status, message, { 'retry-after': String(retryAfterSeconds) });
}

/** SDKs repeat what failed with 5xx; what claude has begun may have changed files, and claude has retried the API itself. */
const notAgain = { 'x-should-retry': 'false' };

/** Anything thrown as what the client is told. */
export function toApiError(thrown: unknown): ApiError {
  if (thrown instanceof ApiError) return thrown;
  const error = toClaudexError(thrown);
  const options = { cause: error };
  if (error.code === 'BODY_TOO_LARGE') return new ApiError(413, error.facts);
  if (error.code === 'BAD_REQUEST') return new ApiError(400, error.facts);
  if (error.code === 'POOL_EXHAUSTED') return busy(529, error.message);
  if (error.code === 'ABORTED') return busy(503, 'The server is ending.');
  if (error.code === 'TIMEOUT') return new ApiError(504, error.message, notAgain, options);
  if (error.code === 'WORKSPACE_REFUSED') return new ApiError(403, error.message, {}, options);
  if (error.code === 'INVALID_OPTIONS') return new ApiError(400, error.message, {}, options);
  if (error.code === 'INTERNAL')
    return new ApiError(500, 'claudex itself failed; its log says why.', notAgain, options);
  return new ApiError(500, `${error.message} Fix: ${error.fix}`, notAgain, options);
}

/** Claude's own failure: with the API's status where it was the API that refused. */
export function failedAnswer(result: ResultLine): ApiError {
  const status = result.api_error_status ?? 0;
  const said = result.result || result.errors?.join(' ') || result.subtype || 'no reason given';
  const known = status >= 400 && status < 600;
  return new ApiError(known ? status : 500, `claude: ${said}`, notAgain, {
    cause: new ClaudexError('CLAUDE_ERROR', said),
  });
}

/** For the log. Why we failed is there; what claude or a client said is not. */
export function logFieldsOf(error: ApiError | undefined): LogFields {
  if (!error) return {};
  const { status, cause } = error;
  if (!(cause instanceof ClaudexError)) return { status, ...(cause !== undefined && { cause: String(cause) }) };
  return { status, code: cause.code, ...(cause.code === 'INTERNAL' && { cause: cause.facts }) };
}
