import type { Question } from '../../src/protocol/question.ts';

/** A permission for a command that is asked, unless told otherwise. */
export function aQuestion(fields: Partial<Question> = {}): Question {
  return {
    id: 'q-anwmzs',
    kind: 'permission',
    session: 'k7m2p9qd',
    name: 'api',
    cwd: '/work/api',
    agent: null,
    tool: 'Bash',
    input: { command: 'npm test' },
    shown: 'npm test',
    choices: [],
    suggestions: [],
    askedAt: 90_000,
    state: 'open',
    remote: true,
    endedAt: null,
    decision: null,
    by: null,
    via: null,
    always: null,
    taken: null,
    reason: null,
    ...fields,
  };
}
