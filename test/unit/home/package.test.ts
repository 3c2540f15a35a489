import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageRoot, packageVersion, readOwnPackage, stableEntryPoint } from '../../../src/home/package.ts';

describe('our own package', () => {
  it('is found from wherever in it one starts', () => {
    const whole = { root: packageRoot(), version: packageVersion() };
    expect(readOwnPackage(join(packageRoot(), 'src', 'cli'))).toEqual(whole);
    expect(readOwnPackage(join(packageRoot(), 'was', 'here', 'once'))).toEqual(whole);
    expect(existsSync(stableEntryPoint())).toBe(true);
  });

  it('where there is none the search ends at the root, with an error', () => {
    expect(() => readOwnPackage('/')).toThrow(expect.objectContaining({ code: 'PACKAGE_GONE' }));
    expect(() => readOwnPackage('/no-such-folder/lib/claudex/dist')).toThrow(/files of claudex are gone/);
  });
});
