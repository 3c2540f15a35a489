import { readlinkSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  isSession,
  isWrittenBy,
  parseSessionFile,
  stateFromStatus,
} from '../../../../src/claude/session/session-file.ts';
import { verifies } from '../../../requirements.ts';
import { aSessionFile } from '../../../support/a-session-file.ts';

describe.runIf(process.platform === 'linux')('whose a session file is', () => {
  const own = readlinkSync('/proc/self/ns/pid');

  it('that of the process which started then, in this pid namespace', () => {
    const file = aSessionFile({ procStart: '100' });
    expect(isWrittenBy(file, '100')).toBe(true);
    expect(isWrittenBy({ ...file, pidDomain: `linux:3d1219c7:${own}` }, '100')).toBe(true);
    expect(isWrittenBy({ ...file, pidDomain: 'linux:3d1219c7:pid:[1]' }, '100')).toBe(false);
  });

  it('of nobody when it names another start, or none', () => {
    expect(isWrittenBy(aSessionFile({ procStart: '99' }), '100')).toBe(false);
    expect(isWrittenBy(aSessionFile({ procStart: null }), '100')).toBe(false);
  });
});

describe('a session file', () => {
  const whole = { pid: 7, sessionId: 's', cwd: '/w' };

  it('a session file, whole or not at all', () => {
    expect(parseSessionFile(JSON.stringify({ ...whole, status: 'idle', version: '2.1.330', more: {} }))).toEqual({
      ...whole,
      version: '2.1.330',
      kind: null,
      jobId: null,
      isSpare: false,
      parkedJobId: null,
      entrypoint: null,
      procStart: null,
      pidDomain: null,
      status: 'idle',
      waitingFor: null,
      statusUpdatedAt: null,
      startedAt: null,
      name: null,
      messagingSocketPath: null,
    });
    expect(parseSessionFile(JSON.stringify({ ...whole, status: 3, startedAt: 'x' }))).toMatchObject({ status: null });
    const text = JSON.stringify({ ...whole, status: 'idle' });
    for (let cut = 0; cut < text.length; cut++) expect(parseSessionFile(text.slice(0, cut))).toBeUndefined();
    for (const wrong of ['null', '[]', '7', '{}', '{"pid":"7","sessionId":"s","cwd":"/"}']) {
      expect(parseSessionFile(wrong)).toBeUndefined();
    }
  });

  it(`a claude -p has no prompt box, though it says interactive ${verifies('warm-unseen')}`, () => {
    const file = (fields: object) => parseSessionFile(JSON.stringify({ ...whole, kind: 'interactive', ...fields }))!;
    expect(isSession(file({ entrypoint: 'cli' }))).toBe(true);
    expect(isSession(file({}))).toBe(true);
    for (const fields of [{ entrypoint: 'sdk-cli' }, { entrypoint: 'sdk-ts' }, { kind: 'background' }]) {
      expect(isSession(file(fields))).toBe(false);
    }
  });

  it(`a background job is a session, unless it waits to be used ${verifies('background')}`, () => {
    const job = (fields: object) => {
      const own = { kind: 'bg', jobId: 'fd7f6759', name: 'fd7f6759', ...fields };
      return isSession(parseSessionFile(JSON.stringify({ ...whole, ...own }))!);
    };
    expect(job({})).toBe(true);
    expect(job({ jobId: undefined })).toBe(false);
    const newer = { agent: 'claude', pidDomain: 'linux:3d12:pid:[1]' };
    expect([job(newer), job({ ...newer, spare: true })]).toEqual([true, false]);
    // 2.1.197
    expect([job({ agent: 'claude' }), job({ agent: 'claude', name: 'fix the build' })]).toEqual([false, true]);
  });

  it(`an unknown status is busy: nobody types; a background shell is none ${verifies('prompt-box')}`, () => {
    expect(['idle', 'waiting', 'busy', 'shell', 'dreaming', '', null].map(stateFromStatus)).toEqual([
      'idle',
      'waiting',
      'busy',
      'idle',
      'busy',
      'busy',
      'starting',
    ]);
  });
});
