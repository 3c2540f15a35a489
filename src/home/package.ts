/** Our own package: where it stands, which version it is, what to run to be `claudex`. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ClaudexError } from '../errors/claudex-error.ts';

interface OwnPackage {
  root: string;
  version: string;
}

/** Read once: the files may be replaced or removed under a process that runs for days, and it stays what it was started as. */
let known: OwnPackage | undefined;

function ownPackage(): OwnPackage {
  known ??= readOwnPackage(dirname(fileURLToPath(import.meta.url)));
  return known;
}

/**
 * The nearest folder above `start` that has a package.json, and the version in it.
 * @throws ClaudexError PACKAGE_GONE when there is none up to the root
 */
export function readOwnPackage(start: string): OwnPackage {
  for (let root = start; ; root = dirname(root)) {
    const manifest = join(root, 'package.json');
    if (existsSync(manifest)) return { root, version: JSON.parse(readFileSync(manifest, 'utf8')).version };
    if (root === dirname(root)) throw new ClaudexError('PACKAGE_GONE', `They were in ${start}.`);
  }
}

/** The root of this installed package (the folder with our package.json). */
export function packageRoot(): string {
  return ownPackage().root;
}

/** Our own version, from package.json as it was when this process first asked. */
export function packageVersion(): string {
  return ownPackage().version;
}

/**
 * The file that Node is to run to be `claudex`: the built one, or the source when we run from source.
 * @throws ClaudexError PACKAGE_GONE when it has been removed meanwhile: whoever starts it would learn nothing but "it ended"
 */
export function entryPoint(): string {
  const [folder, extension] = import.meta.url.endsWith('.ts') ? ['src', 'ts'] : ['dist/src', 'cjs'];
  const file = join(packageRoot(), folder!, 'cli', `main.${extension}`);
  if (!existsSync(file)) throw new ClaudexError('PACKAGE_GONE', `${file} is missing.`);
  return file;
}

/** The file that stays where it is from one version of claudex to the next: what is written down to be run later. */
export function stableEntryPoint(): string {
  return join(packageRoot(), 'bin', 'claudex.js');
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
