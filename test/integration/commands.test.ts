/** The commands as they are built: one file, which loads the rest when it is asked for. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runClaudex } from '../support/claudex.ts';
import { useTestBed } from '../support/test-bed.ts';

describe('commands', () => {
  const bed = useTestBed();

  it('an error from a part that is loaded late keeps its words and its exit code', async () => {
    const home = bed.home();
    const settings = join(home.home, '.claude', 'settings.json');
    mkdirSync(join(home.home, '.claude'), { recursive: true });
    writeFileSync(settings, '{ not json');
    const ran = await runClaudex(['install'], { env: home.env(), cwd: home.root });
    expect(ran).toMatchObject({ code: 3, stdout: '' });
    expect(ran.stderr).toContain(`${settings}:1:3`);
    expect(ran.stderr).toContain('Fix: mend the file by hand');
    expect(readFileSync(settings, 'utf8')).toBe('{ not json');
  });
});
