/** The web API of another machine: requests with its token, over TLS as it was agreed, and what goes wrong in words. */
import { Agent, fetch, type Response, WebSocket } from 'undici';
import type { EventStream } from '../daemon-client/client.ts';
import { errorCatalogue } from '../errors/catalogue.ts';
import { ClaudexError, isErrorCode, systemErrorCode } from '../errors/claudex-error.ts';
import type { DaemonEvent } from '../protocol/wire.ts';
import { farEvents } from './far-events.ts';
import type { FarRequest, FarRequests } from './far-requests.ts';
import type { Machine } from './machines.ts';

const connectTakesMs = 10_000;
/** A session that is started, or an answer that claude has to take, may be long in coming. */
const answerTakesMs = 60_000;
/** The server gives a sign of life on a quiet stream each 15 s. */
const silentForMs = 45_000;

export class FarApi implements FarRequests {
  readonly #machine: Machine;
  readonly #agent: Agent;

  constructor(machine: Machine) {
    this.#machine = machine;
    this.#agent = new Agent({
      connect: { timeout: connectTakesMs, ...(machine.ca !== null && { ca: machine.ca }) },
      headersTimeout: answerTakesMs,
      bodyTimeout: silentForMs,
    });
  }

  /** @throws ClaudexError the machine's own, and FAR_UNREACHABLE, FAR_NOT_TRUSTED, FAR_TOKEN_REFUSED */
  async ask<T>(method: string, path: string, request: FarRequest = {}): Promise<T> {
    const response = await this.open(method, path, request);
    const text = await this.#reaching(() => response.text());
    try {
      return JSON.parse(text) as T;
    } catch {
      throw this.#unreachable('It answers, but not as claudex web does');
    }
  }

  /** The answer as it comes. @throws ClaudexError as `ask` */
  async open(method: string, path: string, { body, headers = {} }: FarRequest = {}): Promise<Response> {
    const response = await this.#reaching(() =>
      fetch(`${this.#machine.url}/api/v1${path}`, {
        method,
        headers: {
          // before it is paired there is none
          ...(this.#machine.token !== '' && { authorization: `Bearer ${this.#machine.token}` }),
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        // the token is this machine's: it goes nowhere else
        redirect: 'manual',
        dispatcher: this.#agent,
      }),
    );
    if (response.ok) return response;
    const text = await this.#reaching(() => response.text());
    throw this.#errorIn(text, response.status);
  }

  events(): Promise<EventStream<DaemonEvent>> {
    return farEvents(this);
  }

  socket(path: string): WebSocket {
    return new WebSocket(`${this.#machine.url.replace(/^http/, 'ws')}/api/v1${path}`, {
      headers: { authorization: `Bearer ${this.#machine.token}` },
      dispatcher: this.#agent,
    });
  }

  async #reaching<T>(act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (thrown) {
      const cause = rootOf(thrown);
      const code = systemErrorCode(cause) ?? '';
      if (/CERT|SIGNATURE|ISSUER|SELF_SIGNED/.test(code)) {
        throw new ClaudexError('FAR_NOT_TRUSTED', `${this.#machine.url}: ${cause.message}.`, { cause });
      }
      throw this.#unreachable(cause.message || code, cause);
    }
  }

  #unreachable(why: string, cause?: unknown): ClaudexError {
    return new ClaudexError('FAR_UNREACHABLE', `${this.#machine.url}: ${why}.`, { cause });
  }

  /** An error of a newer claudex keeps its own words. */
  #errorIn(text: string, status: number): ClaudexError {
    const { code, message, fix } = errorOf(text) ?? {};
    if (code === 'NOT_SIGNED_IN') return new ClaudexError('FAR_TOKEN_REFUSED', `${this.#machine.url}.`);
    if (typeof code !== 'string' || typeof message !== 'string') {
      return this.#unreachable(`It answers ${status}, and not as claudex web does`);
    }
    if (!isErrorCode(code)) return new ClaudexError('FAR_REFUSED', `${code}: ${message} Fix: ${fix}`);
    const known = errorCatalogue[code].text;
    return new ClaudexError(code, message.startsWith(known) ? message.slice(known.length).trim() : message);
  }
}

function errorOf(text: string): { code?: unknown; message?: unknown; fix?: unknown } | undefined {
  try {
    return (JSON.parse(text) as { error?: object } | null)?.error;
  } catch {
    return undefined; // not JSON: no claudex web
  }
}

/** What `fetch` wraps, and what a try of several addresses does. */
function rootOf(thrown: unknown): Error {
  let error = thrown as Error & { errors?: Error[] };
  while (error.cause instanceof Error || error.errors?.[0]) error = (error.cause ?? error.errors?.[0]) as Error;
  return error;
}
