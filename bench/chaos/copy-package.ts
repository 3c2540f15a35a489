/** Our built package, copied for a run, so that it can be taken away in the middle of it. */
import { cpSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '../../test/support/claudex-bin.ts';

/** Copies what is run of this checkout into the folder `to`, which is made. */
export function copyPackage(to: string): void {
  mkdirSync(to);
  for (const name of ['bin', 'dist', 'hooks', 'package.json']) {
    cpSync(join(repositoryRoot, name), join(to, name), { recursive: true });
  }
  symlinkSync(join(repositoryRoot, 'node_modules'), join(to, 'node_modules'));
}
