/** The trail of who was asked what and who has answered. */
import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { QuestionsLog } from '../../../../src/daemon/questions/questions-log.ts';
import { verifies } from '../../../requirements.ts';
import { aQuestion } from '../../../support/a-question.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

const secret = { command: 'login --password hunter2' };

function aLog(logsInput: boolean) {
  const path = join(temporaryFolder(), 'questions.ndjson');
  const lines = () =>
    readFileSync(path, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { path, log: new QuestionsLog(path, logsInput), lines };
}

it(`has one line for each thing that happens, and of the input a hash alone ${verifies('answer-trail')}`, () => {
  const { path, log, lines } = aLog(false);
  const question = aQuestion({ input: secret });
  log.happened(question, 'asked');
  log.shown([question, aQuestion({ id: 'q-ended2', state: 'answered' })], 4711);
  log.shown([question], 4712);
  const answered = { ...question, state: 'answered', decision: 'deny', by: 'ada', via: 'web', input: null } as const;
  log.happened(answered, 'answered');
  log.happened({ ...answered, taken: true }, 'taken');
  log.refused(`q-${'x'.repeat(100)}`, 'Process 1 runs inside a claude session.');
  const inputHash = createHash('sha256').update(JSON.stringify(secret)).digest('hex');
  expect(lines()).toMatchObject([
    { event: 'asked', id: question.id, session: question.session, cwd: question.cwd, tool: 'Bash', inputHash },
    { event: 'shown', id: question.id, pid: 4711 },
    { event: 'answered', id: question.id, decision: 'deny', by: 'ada', via: 'web', taken: null },
    { event: 'taken', id: question.id, taken: true },
    { event: 'refused', reason: 'Process 1 runs inside a claude session.' },
  ]);
  expect(readFileSync(path, 'utf8')).not.toContain('hunter2');
  expect((lines()[4]!.id as string).length).toBe(40);
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

it('has the input where a person has said so, cut where it is long', () => {
  const { log, lines } = aLog(true);
  log.happened(aQuestion({ input: { command: 'x'.repeat(200_000) } }), 'asked');
  expect((lines()[0]!.input as string).length).toBe(100_000);
});

it('each line is one line, whatever is in it', () => {
  const { log, lines } = aLog(true);
  log.happened(
    aQuestion({ cwd: '/work/a\nb', reason: 'x\n{"event":"answered"}', input: { 'a\nb': '\u2028\ud800' } }),
    'asked',
  );
  expect(lines()).toHaveLength(1);
});
