/** The library's options: their types, defaults and checks. Plain code: a schema library would cost every start more. */
import { ClaudexError } from '../errors/claudex-error.ts';

/** How the client keeps its processes. Times are in milliseconds. */
export interface ClientOptions {
  /** Claude processes at most (each takes about 300 MB). Default 4. */
  poolSize?: number;
  /** `warm`: processes stay and are made fresh. `print`: a `claude -p` for each request, started cold. Default `warm`. */
  mode?: 'warm' | 'print';
  /** A process is replaced after that many requests. Default 200. */
  maxRequestsPerSession?: number;
  /** A process is replaced at that age. Default 1 hour. */
  maxSessionAgeMs?: number;
  /** A process that nobody has used for so long is ended. Default 5 minutes. */
  maxIdleMs?: number;
  /** A request waits that long for a process at most. Default 30 s. */
  acquireTimeoutMs?: number;
  /** Requests that may wait at once. Default 1000. */
  maxWaiting?: number;
  /** A process has that long to start. Default 30 s. */
  spawnTimeoutMs?: number;
  /** A request that names no time has this one, waiting included. Default 10 minutes. */
  defaultTimeoutMs?: number;
  /** The claude to run. Default: CLAUDEX_CLAUDE_BIN, the setting `claude.path`, then PATH. */
  claudeBinary?: string;
  /** Asked of each new process before it serves, at the price of an API call. Default none. */
  warmupPrompt?: string;
}

/** One request. What is fixed when claude starts is part of a process's key: requests that differ in it share none. */
export interface RunOptions {
  /** Aborting ends the request with ABORTED. */
  signal?: AbortSignal;
  /** The folder claude works in. Default: this process's. */
  cwd?: string;
  /** Added to this process's environment; `undefined` takes a variable out. */
  env?: Record<string, string | undefined>;
  allowedTools?: string[];
  disallowedTools?: string[];
  model?: string;
  /** As `claude --permission-mode`. */
  permissionMode?: string;
  appendSystemPrompt?: string;
  /** MCP servers: the path of a file, or the configuration itself. */
  mcpConfig?: string | Record<string, unknown>;
  /** JSON Schema of the answer: the result then has `structuredOutput`. */
  jsonSchema?: Record<string, unknown>;
  maxTurns?: number;
  /** Milliseconds for all of it, waiting included. */
  timeoutMs?: number;
  /** Comes back in the result and in the events. Default: a new one. */
  requestId?: string;
}

/** What a request brought. */
export interface RunResult {
  requestId: string;
  /** Claude's last message. */
  text: string;
  /** Tokens, as claude reports them. */
  usage: Record<string, unknown>;
  costUsd: number;
  /** From the call to the answer, waiting included. */
  durationMs: number;
  /** Claude's id of this conversation; no other request has it. */
  sessionId: string;
  /** Number of turns the model took. */
  turns: number;
  /** With `jsonSchema`. */
  structuredOutput?: unknown;
}

/** What a stream says. `done` or `error` is the last. */
export type StreamEvent =
  | { type: 'token'; text: string }
  | { type: 'tool'; id: string; name: string; input: Record<string, unknown> }
  | { type: 'done'; result: RunResult }
  | { type: 'error'; error: ClaudexError };

export type CheckedClientOptions = Required<Omit<ClientOptions, 'claudeBinary'>> & { claudeBinary: string | undefined };

const minute = 60_000;

const defaults: CheckedClientOptions = {
  poolSize: 4,
  mode: 'warm',
  maxRequestsPerSession: 200,
  maxSessionAgeMs: 60 * minute,
  maxIdleMs: 5 * minute,
  acquireTimeoutMs: 30_000,
  maxWaiting: 1000,
  spawnTimeoutMs: 30_000,
  defaultTimeoutMs: 10 * minute,
  claudeBinary: undefined,
  warmupPrompt: '',
};

type Check = (value: unknown) => string | undefined;

const text: Check = (value) => (typeof value === 'string' ? undefined : 'a string');
const texts: Check = (value) =>
  Array.isArray(value) && value.every((one) => typeof one === 'string') ? undefined : 'an array of strings';
const object: Check = (value) =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? undefined : 'an object';
const atLeast =
  (minimum: number): Check =>
  (value) =>
    Number.isSafeInteger(value) && (value as number) >= minimum ? undefined : `a whole number from ${minimum}`;
/** setTimeout takes no more than 2^31 - 1. */
const time: Check = (value) =>
  Number.isSafeInteger(value) && (value as number) >= 1 && (value as number) <= 2_147_483_647
    ? undefined
    : 'a whole number of milliseconds from 1 to 2147483647';

const clientChecks: Record<keyof ClientOptions, Check> = {
  poolSize: atLeast(1),
  mode: (value) => (value === 'warm' || value === 'print' ? undefined : '"warm" or "print"'),
  maxRequestsPerSession: atLeast(1),
  maxSessionAgeMs: time,
  maxIdleMs: time,
  acquireTimeoutMs: time,
  maxWaiting: atLeast(0),
  spawnTimeoutMs: time,
  defaultTimeoutMs: time,
  claudeBinary: text,
  warmupPrompt: text,
};

const runChecks: Record<keyof RunOptions, Check> = {
  signal: (value) => (value instanceof AbortSignal ? undefined : 'an AbortSignal'),
  cwd: text,
  env: (value) =>
    object(value) ??
    (Object.values(value as object).every((one) => one === undefined || typeof one === 'string')
      ? undefined
      : 'an object of strings'),
  allowedTools: texts,
  disallowedTools: texts,
  model: text,
  permissionMode: text,
  appendSystemPrompt: text,
  mcpConfig: (value) => (text(value) && object(value) ? 'a string or an object' : undefined),
  jsonSchema: object,
  maxTurns: atLeast(1),
  timeoutMs: time,
  requestId: text,
};

/** @throws ClaudexError INVALID_OPTIONS */
export function checkClientOptions(options: ClientOptions): CheckedClientOptions {
  check(options, clientChecks);
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return { ...defaults, ...Object.fromEntries(given) };
}

/** @throws ClaudexError INVALID_OPTIONS */
export function checkRunOptions(prompt: unknown, options: RunOptions): void {
  if (typeof prompt !== 'string' || prompt.trim() === '') {
    throw new ClaudexError('INVALID_OPTIONS', 'The prompt must be a string that is not empty.');
  }
  check(options, runChecks);
}

function check(options: object, checks: Record<string, Check>): void {
  if (object(options)) throw new ClaudexError('INVALID_OPTIONS', 'Options must be an object.');
  for (const [name, value] of Object.entries(options)) {
    const one = Object.hasOwn(checks, name) ? checks[name] : undefined;
    if (!one) throw new ClaudexError('INVALID_OPTIONS', `There is no option ${name}.`);
    const wanted = value === undefined ? undefined : one(value);
    if (wanted) throw new ClaudexError('INVALID_OPTIONS', `${name} must be ${wanted}.`);
  }
}

/** The arguments of claude that say what the options say. */
export function claudeArguments(options: RunOptions): string[] {
  const args: string[] = [];
  const add = (name: string, value: string | undefined): void => {
    if (value !== undefined) args.push(`${name}=${value}`);
  };
  if (options.allowedTools?.length) args.push('--allowedTools', ...options.allowedTools);
  if (options.disallowedTools?.length) args.push('--disallowedTools', ...options.disallowedTools);
  if (options.mcpConfig !== undefined) {
    const { mcpConfig } = options;
    args.push('--mcp-config', typeof mcpConfig === 'string' ? mcpConfig : JSON.stringify(mcpConfig));
  }
  add('--model', options.model);
  add('--permission-mode', options.permissionMode);
  add('--append-system-prompt', options.appendSystemPrompt);
  add('--json-schema', options.jsonSchema && JSON.stringify(options.jsonSchema));
  add('--max-turns', options.maxTurns?.toString());
  return args;
}
