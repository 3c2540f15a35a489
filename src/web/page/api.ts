/** Requests to the server this page came from. */

export class ApiFailure extends Error {
  readonly code: string;
  readonly fix: string;
  readonly status: number;

  constructor(status: number, error: { code: string; message: string; fix?: string }) {
    super(error.message);
    this.status = status;
    this.code = error.code;
    this.fix = error.fix ?? '';
  }
}

export interface RequestOptions {
  /** The same key again is the same request: nothing happens twice when an answer was lost on its way. */
  idempotencyKey?: string;
  signal?: AbortSignal;
}

/** @throws ApiFailure what the server says, or `OFFLINE` where nobody answers */
export async function request<Answer>(
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  body?: unknown,
  { idempotencyKey, signal }: RequestOptions = {},
): Promise<Answer> {
  let response: Response;
  try {
    response = await fetch(`/api/v1${path}`, {
      method,
      credentials: 'same-origin',
      headers: {
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(idempotencyKey !== undefined && { 'idempotency-key': idempotencyKey }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(signal && { signal }),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiFailure(0, {
      code: 'OFFLINE',
      message: 'The machine does not answer.',
      fix: 'what you typed is kept here; it can be sent again once the connection is back.',
    });
  }
  const text = await response.text();
  const answer = text === '' ? {} : parsed(text);
  if (!response.ok) throw new ApiFailure(response.status, errorOf(answer, response));
  return answer as Answer;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

function errorOf(answer: unknown, response: Response): { code: string; message: string; fix?: string } {
  const error = (answer as { error?: { code?: unknown; message?: unknown; fix?: unknown } }).error;
  return {
    code: typeof error?.code === 'string' ? error.code : `HTTP_${response.status}`,
    message: typeof error?.message === 'string' ? error.message : `${response.status} ${response.statusText}`,
    ...(typeof error?.fix === 'string' && { fix: error.fix }),
  };
}

/** A name that nothing else has. A page without https has no `crypto.randomUUID`. */
export function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

export function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
