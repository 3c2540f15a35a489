/** Checks what comes over the wire, field by field, with an error that names the field. */
import { ClaudexError } from '../errors/claudex-error.ts';
import type { AdoptRequest } from './hand-over.ts';
import type { Schedule, StartRequest } from './managed.ts';
import { maxBodyBytes, type Route, routes, type Sender } from './message.ts';
import { startQuestions } from './session.ts';
import {
  type GateReport,
  gateReasons,
  type LeaseReport,
  type QuestionReport,
  type SendManyRequest,
  type SendRequest,
  type SupervisorAnswer,
  type SupervisorHello,
  type ViewersReport,
} from './wire.ts';

class Fields {
  readonly #record: Record<string, unknown>;

  readonly #prefix: string;

  constructor(value: unknown, prefix = '') {
    this.#prefix = prefix;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new ClaudexError('BAD_REQUEST', 'The body must be a JSON object.');
    }
    this.#record = value as Record<string, unknown>;
  }

  string(key: string, maxChars = 4096): string {
    const value = this.#record[key];
    if (typeof value !== 'string' || value === '' || value.length > maxChars)
      this.#wrong(key, `a text of 1 to ${maxChars} characters`);
    return value as string;
  }

  optionalString(key: string): string | undefined {
    return this.#record[key] === undefined ? undefined : this.string(key);
  }

  integer(key: string): number {
    const value = this.#record[key];
    if (!Number.isSafeInteger(value) || (value as number) < 0) this.#wrong(key, 'a whole number');
    return value as number;
  }

  optionalInteger(key: string): number | undefined {
    return this.#record[key] === undefined ? undefined : this.integer(key);
  }

  boolean(key: string, missing: boolean): boolean {
    const value = this.#record[key] ?? missing;
    if (typeof value !== 'boolean') this.#wrong(key, 'true or false');
    return value as boolean;
  }

  oneOf<T extends string>(key: string, allowed: readonly T[], missing?: T): T {
    const value = this.#record[key] ?? missing;
    if (!allowed.includes(value as T)) this.#wrong(key, `one of ${allowed.join(', ')}`);
    return value as T;
  }

  any(key: string): unknown {
    return this.#record[key];
  }

  #wrong(key: string, wanted: string): never {
    throw new ClaudexError('BAD_REQUEST', `"${this.#prefix}${key}" must be ${wanted}.`);
  }
}

/** The raw body text is checked apart: empty and too large have errors of their own. */
export function parseSendRequest(value: unknown): SendRequest | SendManyRequest {
  const fields = new Fields(value);
  const body = fields.any('body');
  if (typeof body !== 'string') throw new ClaudexError('BAD_REQUEST', '"body" must be a text.');
  if (Buffer.byteLength(body) > maxBodyBytes) {
    throw new ClaudexError('MESSAGE_TOO_LARGE', `It has ${Buffer.byteLength(body)} bytes.`);
  }
  const optional = {
    route: fields.any('route') === undefined ? undefined : fields.oneOf<Route>('route', routes),
    replyTo: fields.optionalString('replyTo'),
    key: fields.optionalString('key'),
    notBefore: fields.optionalInteger('notBefore'),
    delayMs: fields.optionalInteger('delayMs'),
    expiresAt: fields.optionalInteger('expiresAt'),
  };
  return {
    ...parseTargets(fields),
    body,
    kind: fields.oneOf('kind', ['task', 'note'], 'task'),
    when: fields.oneOf('when', ['idle', 'now'], 'idle'),
    sender: parseSender(fields.any('sender')),
    ...(fields.any('caller') !== undefined && { caller: parseWhoami(fields.any('caller')) }),
    hold: fields.boolean('hold', false),
    ...withoutUndefined(optional),
  };
}

function parseTargets(fields: Fields): { target: string } | { targets: string[]; all?: boolean } {
  const targets = fields.any('targets');
  if (targets === undefined) return { target: fields.string('target') };
  if (
    !Array.isArray(targets) ||
    targets.length === 0 ||
    !targets.every((one) => typeof one === 'string' && one !== '')
  ) {
    throw new ClaudexError('BAD_REQUEST', '"targets" must be a list of texts, at least one.');
  }
  return { targets, ...(fields.boolean('all', false) && { all: true }) };
}

function parseSender(value: unknown): Sender {
  const fields = new Fields(value ?? {}, 'sender.');
  const optional = { id: fields.optionalString('id'), cwd: fields.optionalString('cwd') };
  return {
    kind: fields.oneOf('kind', ['user', 'peer']),
    label: fields.string('label', 200),
    ...withoutUndefined(optional),
  };
}

export function parseSupervisorHello(value: unknown): SupervisorHello {
  const fields = new Fields(value);
  return {
    pid: fields.integer('pid'),
    startTime: fields.string('startTime'),
    supervisorPid: fields.integer('supervisorPid'),
    cwd: fields.string('cwd'),
    configDir: fields.string('configDir'),
    ...withoutUndefined({ permissionMode: fields.optionalString('permissionMode') }),
  };
}

export function parseStartRequest(value: unknown): StartRequest {
  const fields = new Fields(value);
  const { args, env } = value as { args?: unknown; env?: unknown };
  if (!Array.isArray(args) || !args.every((one) => typeof one === 'string')) {
    throw new ClaudexError('BAD_REQUEST', '"args" must be a list of texts.');
  }
  if (typeof env !== 'object' || env === null || !Object.values(env).every((one) => typeof one === 'string')) {
    throw new ClaudexError('BAD_REQUEST', '"env" must be an object of texts.');
  }
  const cwd = fields.string('cwd');
  if (!cwd.startsWith('/')) throw new ClaudexError('BAD_REQUEST', '"cwd" must be an absolute path.');
  return {
    cwd,
    args: args as string[],
    env: env as Record<string, string>,
    claudeSessionId: fields.any('claudeSessionId') === null ? null : (fields.optionalString('claudeSessionId') ?? null),
    keepWarm: fields.boolean('keepWarm', false),
    restart: fields.oneOf('restart', ['crash', 'never'] as const, 'crash'),
    ...withoutUndefined({
      name: fields.optionalString('name'),
      idleTimeoutMs: fields.optionalInteger('idleTimeoutMs'),
      schedule: fields.any('schedule') === undefined ? undefined : parseSchedule(fields.any('schedule')),
    }),
  };
}

/** `POST /v1/managed/:id/schedule`; null takes it away. Whether its times are any is checked where they are worked out. */
export function parseSchedule(value: unknown): Schedule | null {
  if (value === null) return null;
  const fields = new Fields(value, 'schedule.');
  return {
    cron: fields.string('cron', 200),
    task: fields.string('task', maxBodyBytes),
    missed: fields.oneOf('missed', ['run', 'skip'] as const, 'run'),
    overlap: fields.oneOf('overlap', ['skip', 'queue'] as const, 'skip'),
    ...withoutUndefined({ timeZone: fields.optionalString('timeZone') }),
  };
}

export function parseLeaseReport(value: unknown): LeaseReport {
  const fields = new Fields(value);
  const messageId = fields.string('messageId');
  const lease = withoutUndefined({ lease: fields.optionalInteger('lease') });
  const outcome = fields.oneOf('outcome', ['refused', 'typed']);
  if (outcome === 'typed') return { messageId, ...lease, outcome, isLeft: fields.boolean('isLeft', false) };
  const reason = fields.oneOf('reason', gateReasons);
  return { messageId, ...lease, outcome, reason };
}

/** @throws ClaudexError BAD_REQUEST */
export function parseAdoptRequest(value: unknown): AdoptRequest {
  const fields = new Fields(value);
  const claude = new Fields(fields.any('claude'), 'claude.');
  const { args, env } = parseStartRequest(value);
  return {
    cwd: fields.string('cwd'),
    args,
    env,
    claude: { pid: claude.integer('pid'), startTime: claude.string('startTime') },
    configDir: fields.string('configDir'),
  };
}

/** @throws ClaudexError BAD_REQUEST */
export function parseSupervisorAnswer(value: unknown): SupervisorAnswer {
  const fields = new Fields(value);
  const request = fields.integer('request');
  const failure = fields.any('failure');
  if (failure === undefined || failure === null) return { request };
  const of = new Fields(failure);
  return { request, failure: { code: of.string('code'), facts: String(of.any('facts') ?? '').slice(0, 4096) } };
}

export function parseGateReport(value: unknown): GateReport {
  return { open: new Fields(value).boolean('open', false) };
}

export function parseViewersReport(value: unknown): ViewersReport {
  return { count: Math.max(0, new Fields(value).integer('count')) };
}

export function parseQuestionReport(value: unknown): QuestionReport {
  const fields = new Fields(value);
  return { question: fields.any('question') === null ? null : fields.oneOf('question', startQuestions) };
}

/** A count in a query, 0 where there is none. @throws ClaudexError BAD_REQUEST */
export function parseCount(query: URLSearchParams, name: string, most: number): number {
  const text = query.get(name) ?? '0';
  if (!/^\d{1,9}$/.test(text)) throw new ClaudexError('BAD_REQUEST', `"${name}" must be a whole number.`);
  return Math.min(Number(text), most);
}

/** A list of pids, nearest ancestor first. */
export function parseWhoami(value: unknown): { pids: number[]; configDir: string; exact: boolean } {
  const fields = new Fields(value);
  const pids = fields.any('pids');
  if (!Array.isArray(pids) || pids.length > 64 || !pids.every((pid) => Number.isSafeInteger(pid) && pid > 0)) {
    throw new ClaudexError('BAD_REQUEST', '"pids" must be a list of at most 64 whole numbers.');
  }
  return { pids: pids as number[], configDir: fields.string('configDir'), exact: fields.any('exact') === true };
}

/** `POST /v1/names`; `alias` null takes the name away. */
export function parseNaming(value: unknown): { target: string; alias: string | null } {
  const fields = new Fields(value);
  return { target: fields.string('target'), alias: fields.any('alias') === null ? null : fields.string('alias') };
}

function withoutUndefined<T extends Record<string, unknown>>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as never;
}
