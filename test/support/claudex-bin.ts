/** Where this checkout and its `claudex` executable are. */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The root of this checkout. */
export const repositoryRoot = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** The `claudex` executable of this checkout (needs `npm run build`). */
export const claudexBin = join(repositoryRoot, 'bin', 'claudex.js');

/** The path of an executable in test/fixtures. */
export function fixture(name: string): string {
  return join(repositoryRoot, 'test', 'fixtures', name);
}
