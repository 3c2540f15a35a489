/** What another machine may answer, by path: whatever is not of that shape is no answer, and no text of it acts on a terminal. Pure. */
import { ClaudexError } from '../../errors/claudex-error.ts';
import { printable } from '../../protocol/sanitise.ts';
import { visibleText } from '../../protocol/visible-text.ts';

type Check = (value: unknown) => boolean;

const text: Check = (value) => typeof value === 'string';
const number: Check = (value) => typeof value === 'number' && Number.isFinite(value);
const flag: Check = (value) => typeof value === 'boolean';
const anything: Check = () => true;
const orNull =
  (check: Check): Check =>
  (value) =>
    value === null || check(value);
const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);
const one =
  (...words: string[]): Check =>
  (value) =>
    words.includes(value as string);
const list =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);
const fields =
  (checks: Record<string, Check>): Check =>
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.entries(checks).every(([key, check]) => check((value as Record<string, unknown>)[key]));

const id: Check = (value) => typeof value === 'string' && /^[\w-]{1,40}$/.test(value);
const time: Check = (value) => typeof value === 'string' && !Number.isNaN(Date.parse(value));

const exit = fields({ reason: text });
const session = fields({
  id,
  name: text,
  alias: orNull(text),
  claudeName: orNull(text),
  cwd: text,
  pid: orNull(number),
  sessionId: orNull(text),
  state: text,
  waitingFor: orNull(text),
  supervised: flag,
  pending: number,
  stuck: number,
  startedAt: time,
  lastActiveAt: time,
  viewers: number,
  managed: orNull(
    fields({ state: text, keepWarm: flag, idleTimeoutMs: number, restarts: number, exit: orNull(exit), since: time }),
  ),
});
const step: Check = (value) =>
  fields({ kind: one('text'), text })(value) ||
  fields({ kind: one('added'), by: text, text })(value) ||
  fields({
    kind: one('tool'),
    id: text,
    name: text,
    input: anything,
    result: orNull(text),
    resultBytes: number,
    isError: flag,
  })(value);
const turn = fields({
  index: number,
  promptId: orNull(text),
  startedAt: orNull(time),
  endedAt: orNull(time),
  origin: one('person', 'program', 'peer', 'notification', 'command'),
  prompt: text,
  steps: list(step),
  answer: text,
  outcome: one('answered', 'interrupted', 'failed', 'open'),
  compactedBefore: flag,
});
const hit = fields({
  sessionId: text,
  path: text,
  cwd: orNull(text),
  turn: number,
  at: orNull(time),
  where: one('prompt', 'answer', 'tool-input', 'tool-result', 'added'),
  tool: orNull(text),
  text,
  matches: list((value) => Array.isArray(value) && value.length === 2 && value.every(number)),
  before: list(text),
  after: list(text),
});
const question = fields({
  id: (value) => typeof value === 'string' && /^q-[a-z0-9]{1,20}$/.test(value),
  kind: one('permission', 'question', 'plan'),
  session: id,
  name: text,
  cwd: text,
  agent: orNull(text),
  tool: text,
  shown: text,
  choices: list(
    fields({
      question: text,
      header: text,
      multiSelect: flag,
      options: list(fields({ label: text, description: text })),
    }),
  ),
  suggestions: list(fields({ text })),
  askedAt: number,
  state: one('open', 'answered', 'withdrawn'),
  remote: flag,
  by: orNull(text),
  via: orNull(one('terminal', 'command', 'board', 'web', 'mesh')),
  always: orNull(text),
  taken: orNull(flag),
  reason: orNull(text),
});

interface Shape {
  pattern: RegExp;
  check: Check;
  /** The list that comes in pages. */
  list?: string;
  /** Its pages come newest first. */
  isBackwards?: boolean;
  clean: (text: string) => string;
}

const shapes: readonly Shape[] = [
  { pattern: /^GET \/sessions$/, check: fields({ sessions: list(session) }), list: 'sessions', clean: printable },
  { pattern: /^POST \/sessions(\/[^/]+\/resume)?$/, check: fields({ session }), clean: printable },
  {
    pattern: /^GET \/sessions\/[^/]+\/history$/,
    check: fields({ turns: list(turn) }),
    list: 'turns',
    isBackwards: true,
    clean: printable,
  },
  { pattern: /^GET \/sessions\/[^/]+\/turns\/-?\d+$/, check: turn, clean: printable },
  { pattern: /^GET \/sessions\/[^/]+\/screen$/, check: fields({ text }), clean: colouredText },
  { pattern: /^GET \/search$/, check: fields({ hits: list(hit) }), list: 'hits', clean: printable },
  {
    pattern: /^GET \/questions$/,
    check: fields({ now: number, questions: list(question) }),
    list: 'questions',
    clean: visibleText,
  },
  { pattern: /^POST \/questions\/[^/]+\/answer$/, check: question, clean: visibleText },
  {
    pattern: /^POST \/messages$/,
    check: fields({ id: text, state: text, route: orNull(text), repeated: optional(flag) }),
    clean: printable,
  },
];

export type Body = Record<string, unknown>;

/** The shape that an answer must have. @throws ClaudexError NOT_FROM_AFAR for what is not asked of machines */
export function shapeOf(method: string, pathname: string): Shape {
  const found = shapes.find(({ pattern }) => pattern.test(`${method} ${pathname}`));
  if (!found) throw new ClaudexError('NOT_FROM_AFAR');
  return found;
}

/** The answer with nothing in it that acts on a terminal. @throws ClaudexError MESH_BAD_REPLY */
export function checkedBody({ check, clean }: Shape, body: unknown): Body {
  if (!check(body)) throw new ClaudexError('MESH_BAD_REPLY');
  return cleaned(body, clean) as Body;
}

function cleaned(value: unknown, clean: (text: string) => string): unknown {
  if (typeof value === 'string') return clean(value);
  if (Array.isArray(value)) return value.map((each) => cleaned(each, clean));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [clean(key), cleaned(each, clean)]));
}

/** Colours and the like stay; everything else that acts on a terminal goes. */
function colouredText(value: string): string {
  const colour = String.fromCharCode(27);
  const parts = value.split(new RegExp(`(${colour}\\[[0-9;:]{0,60}m)`));
  return parts.map((part, at) => (at % 2 === 1 ? part : printable(part))).join('');
}
