import { readlinkSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { isWrittenBy } from '../../../../src/claude/session/session-file.ts';
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
