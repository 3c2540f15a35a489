/** This build in a folder of its own, to be changed or removed under what runs from it. */
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from './claudex-bin.ts';

/** Copies the package into `root`, which must not be there yet. @returns its `claudex` */
export function copyPackage(root: string, version?: string): string {
  mkdirSync(root);
  for (const name of ['bin', 'dist', 'hooks', 'install-scripts']) {
    cpSync(join(repositoryRoot, name), join(root, name), { recursive: true });
  }
  symlinkSync(join(repositoryRoot, 'node_modules'), join(root, 'node_modules'));
  const manifest = JSON.parse(readFileSync(join(repositoryRoot, 'package.json'), 'utf8'));
  writeFileSync(
    join(root, 'package.json'),
    JSON.stringify(version === undefined ? manifest : { ...manifest, version }),
  );
  return join(root, 'bin', 'claudex.js');
}
