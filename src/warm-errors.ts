/** The part of the error catalogue that speaks of warm processes (src/warm); the rest is in errors.ts. */
import type { ErrorEntry } from './errors.ts';

export const warmErrors = {
  TIMEOUT: {
    text: 'Claude did not answer in the time given.',
    fix: 'give it more time (timeoutMs, spawnTimeoutMs), or ask for less.',
    exitCode: 4,
    httpStatus: 504,
  },
  ABORTED: {
    text: 'The request was taken back.',
    fix: 'nothing; whoever asked has stopped it, or the client was closed.',
    exitCode: 130,
    httpStatus: 499,
  },
  POOL_EXHAUSTED: {
    text: 'Every warm process is busy, and none came free in time.',
    fix: 'raise poolSize, maxWaiting or acquireTimeoutMs (the setting warm.poolSize), or ask less at once.',
    exitCode: 4,
    httpStatus: 503,
  },
  SESSION_CRASHED: {
    text: 'The claude process ended in the middle of the request.',
    fix: 'ask again: a new process takes the next request. If it happens again, read what claude said above.',
    exitCode: 3,
    httpStatus: 502,
  },
  CLAUDE_ERROR: {
    text: 'Claude answered with an error.',
    fix: 'read what it said; `claudex -- -p "hello"` asks claude directly.',
    exitCode: 3,
    httpStatus: 502,
  },
  INVALID_OPTIONS: {
    text: 'The options are not valid.',
    fix: 'compare them with docs/warm.md.',
    exitCode: 2,
    httpStatus: 400,
  },
  NOT_WARM: {
    text: 'A warm process cannot do that as `claude -p` would.',
    fix: 'add --cold to run `claude -p` itself, or let claudex do so by itself (claudex config set warm.coldFallback true).',
    exitCode: 2,
    httpStatus: 400,
  },
  WORKER_START_FAILED: {
    text: 'The process that keeps claude warm did not start.',
    fix: 'read its log (warm/worker.log in the claudex folder), or add --cold.',
    exitCode: 3,
    httpStatus: 500,
  },
  NOT_ALLOWED: {
    text: 'The token is missing or wrong.',
    fix: 'send the token of `claudex serve` as x-api-key (an SDK: apiKey) or as Authorization: Bearer.',
    exitCode: 3,
    httpStatus: 401,
  },
  NO_SUCH_WORKSPACE: {
    text: 'There is no such workspace.',
    fix: 'make the folder <root>/<workspace>/work and ask for /<workspace>/v1/messages.',
    exitCode: 3,
    httpStatus: 404,
  },
} as const satisfies Record<string, ErrorEntry>;
