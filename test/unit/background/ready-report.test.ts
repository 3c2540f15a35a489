import { closeSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readReport, readyVariable, reportFailure, reportReady } from '../../../src/background/ready-report.ts';
import { ClaudexError } from '../../../src/errors/claudex-error.ts';

/** What a process with this environment has told its starter, when it has said `say`. */
function told(say: (env: NodeJS.ProcessEnv) => void): string {
  const path = join(tmpdir(), `cxt-ready-${process.pid}`);
  onTestFinished(() => rmSync(path, { force: true }));
  const env = { [readyVariable]: String(openSync(path, 'w')) };
  say(env);
  expect(env).toEqual({}); // what this process starts has no such descriptor
  return readFileSync(path, 'utf8');
}

describe('the word of a background process', () => {
  it('ready', () => {
    expect(readReport(told(reportReady), 'WORKER_START_FAILED')).toBeUndefined();
  });

  it('why not, with the code of the reason where it has one', () => {
    const refused = told((env) => reportFailure(env, new ClaudexError('HOME_NOT_PRIVATE', 'two\nlines')));
    expect(readReport(refused, 'DAEMON_START_FAILED')).toMatchObject({ code: 'HOME_NOT_PRIVATE', facts: 'two\nlines' });
    const bug = told((env) => reportFailure(env, new TypeError('x is not a function')));
    expect(readReport(bug, 'DAEMON_START_FAILED')).toMatchObject({
      code: 'DAEMON_START_FAILED',
      facts: expect.stringContaining('x is not a function'),
    });
  });

  it.each([
    ['', 'It ended at once.'],
    ['ready\n', 'It said: ready'],
    ['{"ready":fal', 'It said: {"ready":fal'],
    ['{"ready":false,"code":"NO_SUCH_CODE","facts":"f"}', 'f'],
  ])('%j is none, and says so', (text, facts) => {
    expect(readReport(text, 'WORKER_START_FAILED')).toMatchObject({ code: 'WORKER_START_FAILED', facts });
  });

  it('is said once, and to nobody who has not asked for it', () => {
    const env = {};
    reportReady(env);
    reportFailure(env, new Error('late'));
    expect(env).toEqual({});
    // a starter that has gone
    const fd = openSync('/dev/null', 'r');
    closeSync(fd);
    expect(() => reportReady({ [readyVariable]: String(fd) })).not.toThrow();
  });
});
