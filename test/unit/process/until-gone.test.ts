import { describe, expect, it } from 'vitest';
import { untilGone } from '../../../src/process/until-gone.ts';

describe('untilGone', () => {
  it('says whether it has gone', async () => {
    expect(await untilGone(2 ** 30)).toBe(true); // larger than any process id there can be
    expect(await untilGone(process.pid, 30)).toBe(false);
  });
});
