/**
 * What may stand in `claudex.sessions.json`. zod is built into this file, which `claudex up` and `down` load and nobody else; its JSON Schema is
 * docs/claudex.sessions.schema.json (`npm run docs`). Gives its findings as data: it shares no class with what loads it.
 */
import { z } from 'zod';
import { cronTimes } from '../../schedule/cron-times.ts';

const schedule = z
  .strictObject({
    cron: z.string().describe('Five fields: minute, hour, day of the month, month, day of the week.'),
    timeZone: z.string().optional().describe('Such as Europe/Berlin. Default: that of the machine.'),
    task: z.string().min(1).describe('What the session is told each time.'),
    missed: z
      .enum(['run', 'skip'])
      .default('run')
      .describe('Times at which the daemon or the machine did not run: one run for all of them afterwards, or none.'),
    overlap: z
      .enum(['skip', 'queue'])
      .default('skip')
      .describe('When the last task has not ended: leave this time out, or let it wait its turn.'),
  })
  .superRefine((value, context) => {
    try {
      cronTimes({ cron: value.cron, ...(value.timeZone !== undefined && { timeZone: value.timeZone }) });
    } catch (error) {
      const isZone = /timezone/i.test((error as Error).message);
      const message = isZone ? `There is no time zone "${value.timeZone}".` : (error as Error).message;
      context.addIssue({ code: 'custom', path: [isZone ? 'timeZone' : 'cron'], message });
    }
  });

const session = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z][\w.-]{0,63}$/i, 'A name begins with a letter and has letters, digits, dots, dashes and underscores.')
    .describe('What it is called; no two have the same.'),
  folder: z.string().min(1).default('.').describe('Where it runs; relative to the folder of this file.'),
  args: z.array(z.string()).default([]).describe("claude's own arguments."),
  env: z
    .record(z.string(), z.string())
    .default({})
    .describe('On top of the environment of the shell that says `claudex up`.'),
  keepWarm: z.boolean().default(false).describe('Never put it to sleep.'),
  idleTimeout: z
    .string()
    .regex(/^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+$/, 'Write 30s, 10m or 1h30m.')
    .optional()
    .describe('Put it to sleep after being idle that long, such as 30m.'),
  restart: z.enum(['crash', 'never']).default('crash').describe('Start it again after a crash, or not.'),
  task: z.string().min(1).optional().describe('Its first task, when it is started for the first time.'),
  schedule: schedule.optional().describe('A task that comes again and again.'),
});

const sessionsFile = z
  .strictObject({
    $schema: z.string().optional(),
    sessions: z.array(session).min(1),
  })
  .superRefine(({ sessions }, context) => {
    const seen = new Set<string>();
    for (const [index, { name }] of sessions.entries()) {
      if (seen.has(name.toLowerCase())) {
        context.addIssue({
          code: 'custom',
          path: ['sessions', index, 'name'],
          message: `"${name}" stands there twice.`,
        });
      }
      seen.add(name.toLowerCase());
    }
  });

/** A session as the file declares it, what it leaves out filled in. */
export type DeclaredSession = z.output<typeof session>;

export interface SchemaIssue {
  path: (string | number)[];
  message: string;
}

/** The declared sessions, or what is wrong with them. */
export function checkSessions(value: unknown): { sessions: DeclaredSession[] } | { issues: SchemaIssue[] } {
  const result = sessionsFile.safeParse(value, { error: inWords });
  if (result.success) return { sessions: result.data.sessions };
  const issues = result.error.issues.flatMap((issue): SchemaIssue[] => {
    const path = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part));
    if (issue.code !== 'unrecognized_keys') return [{ path, message: issue.message }];
    return issue.keys.map((key) => ({ path: [...path, key], message: 'There is no such field.' }));
  });
  return { issues };
}

/** What zod finds, said as we say it; undefined leaves zod's own words. */
function inWords(issue: z.core.$ZodRawIssue): string | undefined {
  const { code, input } = issue;
  if (code === 'invalid_type') {
    if (input === undefined) return 'It is missing.';
    return `It takes ${kinds[issue.expected] ?? issue.expected}, not ${kinds[kindOf(input)] ?? kindOf(input)}.`;
  }
  if (code === 'invalid_value') return `It takes ${issue.values.map((one) => `"${String(one)}"`).join(' or ')}.`;
  if (code === 'too_small') return issue.origin === 'array' ? 'It declares no session.' : 'It is empty.';
  return undefined;
}

function kindOf(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
}

const kinds: Record<string, string> = {
  string: 'a text',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
  null: 'nothing',
};

/** The JSON Schema, for editors. */
export function sessionsJsonSchema(): object {
  return z.toJSONSchema(sessionsFile, { io: 'input' });
}
