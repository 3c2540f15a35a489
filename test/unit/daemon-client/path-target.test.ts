import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { linkTarget } from '../../../src/daemon-client/path-target.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

describe('the name of a link as a target', () => {
  it('is the folder that it leads to', () => {
    const cwd = temporaryFolder();
    mkdirSync(join(cwd, 'real'));
    symlinkSync('real', join(cwd, 'link'));
    expect(linkTarget('link', cwd)).toBe(realpathSync(join(cwd, 'real')));
  });

  it('is none where it is a folder, a file, a link to one, a link to nothing, a path, or nothing', () => {
    const cwd = temporaryFolder();
    mkdirSync(join(cwd, 'folder'));
    writeFileSync(join(cwd, 'file'), '');
    symlinkSync('file', join(cwd, 'to-file'));
    symlinkSync('gone', join(cwd, 'to-nothing'));
    symlinkSync('folder', join(cwd, 'link'));
    for (const target of ['folder', 'file', 'to-file', 'to-nothing', './link', 'none', '']) {
      expect(linkTarget(target, cwd), target).toBeUndefined();
    }
  });
});
