/** Requests that wait for a process: each wait ends, by a process, by an error, or by its time. */
import { ClaudexError } from '../../errors/claudex-error.ts';

interface Waiter<T> {
  requestId: string;
  assign: (process: T) => void;
  fail: (error: ClaudexError) => void;
}

export class WaitingRequests<T> {
  readonly #waiters = new Map<number, Waiter<T>>();

  /** @throws ClaudexError POOL_EXHAUSTED after `timeoutMs`; the signal's reason; whatever `fail` is given */
  wait(waiter: { id: number; requestId: string; signal: AbortSignal; timeoutMs: number }): Promise<T> {
    const { id, requestId, signal, timeoutMs } = waiter;
    return new Promise((resolve, reject) => {
      const settle = (done: () => void): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
        this.#waiters.delete(id);
        done();
      };
      const fail = (error: ClaudexError): void => settle(() => reject(error));
      const onAbort = (): void => fail(signal.reason as ClaudexError);
      const timer = setTimeout(() => fail(new ClaudexError('POOL_EXHAUSTED', `It waited ${timeoutMs} ms.`)), timeoutMs);
      signal.addEventListener('abort', onAbort, { once: true });
      this.#waiters.set(id, { requestId, assign: (process) => settle(() => resolve(process)), fail });
    });
  }

  /** @returns the request's id; undefined when nobody waits under that number any more */
  assign(id: number, process: T): string | undefined {
    const waiter = this.#waiters.get(id);
    waiter?.assign(process);
    return waiter?.requestId;
  }

  fail(id: number, error: ClaudexError): void {
    this.#waiters.get(id)?.fail(error);
  }

  failAll(error: ClaudexError): void {
    for (const { fail } of [...this.#waiters.values()]) fail(error);
  }
}
