/** Our own package: where it stands, which version it is, what to run to be `claudex`. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The root of this installed package (the folder with our package.json). */
export function packageRoot(): string {
  let dir = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(dir, 'package.json'))) dir = dirname(dir);
  return dir;
}

/** Our own version, from package.json. */
export function packageVersion(): string {
  return (JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as { version: string }).version;
}

/** The file that Node is to run to be `claudex`: the built one, or the source when we run from source. */
export function entryPoint(): string {
  const [folder, extension] = import.meta.url.endsWith('.ts') ? ['src', 'ts'] : ['dist/src', 'cjs'];
  return join(packageRoot(), folder!, 'cli', `main.${extension}`);
}

/** Dotted versions compared number by number; unknown counts as new. */
export function isAtLeast(version: string | null, wanted: string): boolean {
  if (version === null) return true;
  const have = version.split('.').map((part) => Number.parseInt(part, 10));
  const need = wanted.split('.').map(Number);
  for (let index = 0; index < need.length; index++) {
    const difference = (have[index] ?? 0) - need[index]!;
    if (Number.isNaN(difference)) return true;
    if (difference !== 0) return difference > 0;
  }
  return true;
}
