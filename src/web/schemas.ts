/** What the API takes and gives, as schemas: checked on the way in, and told to the world in openapi.json. A table. */
import { z } from '@hono/zod-openapi';
import { messageStates } from '../protocol/message.ts';
import { scopes } from './scopes.ts';

const managedView = z
  .looseObject({
    state: z.string(),
    keepWarm: z.boolean(),
    idleTimeoutMs: z.number(),
    restarts: z.number(),
    exit: z.looseObject({ reason: z.string() }).nullable(),
    since: z.string(),
  })
  .openapi('Managed');

export const session = z
  .looseObject({
    id: z.string(),
    name: z.string(),
    alias: z.string().nullable(),
    claudeName: z.string().nullable(),
    cwd: z.string(),
    pid: z.number().nullable(),
    sessionId: z.string().nullable(),
    state: z
      .string()
      .openapi({ description: 'of a session that runs: starting, idle, busy, waiting; else its record’s' }),
    waitingFor: z.string().nullable(),
    supervised: z.boolean(),
    pending: z.number(),
    stuck: z.number(),
    startedAt: z.string(),
    lastActiveAt: z.string(),
    managed: managedView.nullable(),
    viewers: z.number(),
  })
  .openapi('Session');

export const message = z
  .looseObject({
    id: z.string(),
    recipient: z.looseObject({ id: z.string().nullable(), name: z.string(), cwd: z.string() }),
    kind: z.enum(['task', 'note']),
    sender: z.looseObject({ kind: z.enum(['user', 'peer']), label: z.string() }),
    body: z.string(),
    acceptedAt: z.number(),
    state: z.enum(messageStates),
    answer: z.string().optional(),
    reason: z.string().optional(),
  })
  .openapi('Message');

export const sent = z
  .looseObject({
    id: z.string(),
    state: z.enum(messageStates),
    route: z.string().nullable(),
    repeated: z.boolean(),
  })
  .openapi('Sent');

export const turn = z
  .looseObject({
    index: z.number(),
    startedAt: z.string().nullable(),
    endedAt: z.string().nullable(),
    origin: z.string(),
    prompt: z.string(),
    steps: z.array(z.looseObject({ kind: z.string() })),
    answer: z.string(),
    outcome: z.string(),
  })
  .openapi('Turn');

export const device = z
  .looseObject({
    id: z.string(),
    name: z.string(),
    kind: z.enum(['browser', 'program', 'chat']),
    scopes: z.array(z.enum(scopes)),
    target: z.string().nullable(),
    createdAt: z.number(),
    lastSeenAt: z.number(),
  })
  .openapi('Device');

export const failure = z
  .looseObject({ error: z.looseObject({ code: z.string(), message: z.string(), fix: z.string() }) })
  .openapi('Error');

export const health = z
  .looseObject({
    status: z.enum(['ok', 'no-daemon']),
    version: z.string(),
    uptimeMs: z.number(),
    sessions: z.number(),
    memoryBytes: z.number(),
    clients: z.number(),
  })
  .openapi('Health');

export const hit = z
  .looseObject({
    sessionId: z.string(),
    path: z.string(),
    cwd: z.string().nullable(),
    turn: z.number(),
    at: z.string().nullable(),
    where: z.string(),
    tool: z.string().nullable(),
    text: z.string(),
  })
  .openapi('Hit');

export const question = z
  .looseObject({
    id: z.string(),
    kind: z.enum(['permission', 'question', 'plan']),
    session: z.string(),
    name: z.string(),
    cwd: z.string(),
    tool: z.string(),
    input: z.unknown(),
    shown: z.string(),
    choices: z.array(z.looseObject({ question: z.string() })),
    suggestions: z.array(z.looseObject({ text: z.string() })),
    askedAt: z.number(),
    state: z.enum(['open', 'answered', 'withdrawn']),
    remote: z.boolean(),
  })
  .openapi('Question');

/** What a browser's `PushSubscription` writes itself down as. */
export const pushSubscription = z
  .strictObject({
    endpoint: z.string().min(1).max(2048),
    expirationTime: z.number().nullable().optional(),
    keys: z.strictObject({ p256dh: z.string().min(1).max(200), auth: z.string().min(1).max(100) }),
  })
  .openapi('PushSubscription');

export const pushState = z
  .looseObject({
    push: z.enum(['off', 'brief', 'full']),
    key: z.string().openapi({ description: 'the applicationServerKey' }),
    subscribed: z.boolean(),
  })
  .openapi('PushState');

const answerText = z.string().max(65_536);

/** An answer to a question. */
export const answer = z
  .discriminatedUnion('decision', [
    z.strictObject({ decision: z.literal('allow'), always: z.number().int().min(1).optional() }),
    z.strictObject({ decision: z.literal('deny'), message: answerText.optional(), stop: z.boolean().optional() }),
    z.strictObject({
      decision: z.literal('answer'),
      answers: z.array(z.union([answerText, z.array(answerText).max(100)])).max(100),
    }),
  ])
  .openapi('Answer');

const sum = {
  inputTokens: z.number(),
  outputTokens: z.number(),
  cacheReadTokens: z.number(),
  cacheWriteTokens: z.number(),
  costUsd: z.number().nullable(),
};

export const usageReport = z
  .looseObject({
    days: z.array(z.looseObject({ day: z.string(), ...sum })),
    sessions: z.array(z.looseObject({ sessionId: z.string(), cwd: z.string().nullable(), lastAt: z.string(), ...sum })),
    total: z.looseObject(sum),
    turns: z.array(z.looseObject({ turn: z.number(), ...sum })).optional(),
  })
  .openapi('Usage');

/** What is wrong, by its field: of unknown ones too. */
export function saidOf(issues: ReadonlyArray<{ path: PropertyKey[]; message: string }>): string {
  const said = issues.slice(0, 5).map(({ path, message: what }) => {
    const field = path.map(String).join('.');
    return field === '' ? what : `"${field}": ${what}`;
  });
  return `${said.join('; ')}.`;
}

/** A count in a query. */
export function count(least: number, most: number): z.ZodType<number | undefined> {
  return z.coerce.number().int().min(least).max(most).optional();
}

/** `true` or `1` in a query. */
export const flag = z
  .enum(['true', 'false', '1', '0'])
  .optional()
  .transform((word) => word === 'true' || word === '1');

/** `30s`, `500ms`, `2m`, `7d`. */
export const duration = z
  .string()
  .regex(/^\d{1,6}(ms|s|m|h|d)?$/, 'it must be a number with ms, s, m, h or d, as 30s')
  .transform((text) => {
    const [, number, unit = 's'] = /^(\d+)(ms|s|m|h|d)?$/.exec(text)!;
    return (
      Number(number) * { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }[unit as 'ms' | 's' | 'm' | 'h' | 'd']
    );
  });

/** What a message is, apart from whom it is for. */
export const messageFields = {
  body: z.string().min(1),
  kind: z.enum(['task', 'note']).optional(),
  when: z.enum(['idle', 'now']).optional(),
  replyTo: z.string().min(1).max(100).optional(),
  delayMs: z.number().int().min(0).optional(),
  notBefore: z.number().int().min(0).optional(),
  expiresAt: z.number().int().min(0).optional(),
};

/** How to start a session. */
export const startRequest = z
  .strictObject({
    cwd: z.string().startsWith('/').max(4096),
    name: z.string().min(1).max(64).optional(),
    task: z.string().min(1).optional(),
    args: z.array(z.string().max(4096)).max(100).optional(),
    keepWarm: z.boolean().optional(),
    idleTimeoutMs: z.number().int().min(1000).optional(),
    restart: z.enum(['crash', 'never']).optional(),
  })
  .openapi('Start');
