/** The import direction of the house style, read from the import statements; `import type` counts as well. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { verifies } from '../requirements.ts';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Lower may not import higher, nor its own height elsewhere. Files right under src/ may be imported by anyone. */
const heights: Record<string, number> = {
  protocol: 0,
  claude: 1,
  terminal: 2,
  pty: 2,
  delivery: 2,
  daemon: 2,
  'daemon-client': 2,
  history: 2.5,
  proxy: 3,
  mcp: 3,
  warm: 3,
  supervisor: 4,
  serve: 4,
  demo: 4,
  cli: 5,
};

/** Imports against the direction that are meant, each with its reason; one that is gone must leave this list. */
const exceptions: Record<string, string> = {
  'src/daemon → src/delivery':
    'the desk asks choose-route and writes the attribution line: delivery is pure and knows no daemon',
  'src/terminal → src/pty': 'the type PtySize, two numbers that both terminals have',
};

/** Files over the limit, each with what is to move out of it; one that has been split must leave this list. */
const tooLong: Record<string, string> = {};

interface Import {
  file: string;
  /** A path below the root, or a package. */
  target: string;
}

function sourceFiles(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => posix.join(folder, name));
}

function importsOf(file: string): Import[] {
  const text = readFileSync(join(root, file), 'utf8');
  const found = text.matchAll(
    /^(?:import|export)\b[^;'"]*?['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]|\brequire\w*\([^()]*\)?\(\s*['"]([^'"]+)['"]|createRequire\(import\.meta\.url\)(?:\.resolve)?\(['"]([^'"]+)['"]/gm,
  );
  return [...found].map((match) => {
    const name = match.slice(1).find((one) => one !== undefined)!;
    return { file, target: name.startsWith('.') ? posix.join(posix.dirname(file), name) : name };
  });
}

const files = [...sourceFiles('src'), ...sourceFiles('install-scripts')];
const imports = files.flatMap(importsOf);
/** `src/daemon`, `install-scripts`; undefined for a file right under src/. */
const folderOf = (path: string): string | undefined => /^(src\/[^/]+|install-scripts)\//.exec(path)?.[1];
const importersOf = (wanted: RegExp): string[] => [
  ...new Set(imports.filter(({ target }) => wanted.test(target)).map(({ file }) => folderOf(file) ?? file)),
];

describe(`architecture ${verifies('import-direction')}`, () => {
  it('reads the imports', () => {
    expect(files.length).toBeGreaterThan(50);
    expect(imports).toContainEqual({ file: 'src/daemon/messages/journal.ts', target: 'src/errors/claudex-error.ts' });
    expect(imports).toContainEqual({
      file: 'src/supervisor/run-supervisor.ts',
      target: 'src/runner/daemon-connection.ts',
    });
  });

  it('every folder of src has a height', () => {
    const folders = new Set(files.flatMap((file) => folderOf(file)?.match(/^src\/(.*)/)?.[1] ?? []));
    expect([...folders].filter((folder) => !(folder in heights))).toEqual([]);
  });

  it('folders import in one direction only', () => {
    const height = (folder: string): number => heights[folder.replace('src/', '')]!;
    const against = imports.flatMap(({ file, target }) => {
      const [from, to] = [folderOf(file), folderOf(target)];
      if (!from?.startsWith('src/') || !to?.startsWith('src/') || from === to) return [];
      return height(to) < height(from) ? [] : [{ pair: `${from} → ${to}`, file }];
    });
    expect(against.filter(({ pair }) => !(pair in exceptions))).toEqual([]);
    expect([...new Set(against.map(({ pair }) => pair))].sort()).toEqual(Object.keys(exceptions).sort());
  });

  it('root files import root files only, protocol nothing but errors', () => {
    const rooted = imports.filter(({ file, target }) => /^src\/[^/]+\.ts$/.test(file) && target.startsWith('src/'));
    expect(rooted.filter(({ target }) => folderOf(target) !== undefined)).toEqual([]);
    const fromProtocol = imports.filter(
      ({ file, target }) => folderOf(file) === 'src/protocol' && target.startsWith('src/'),
    );
    expect(
      fromProtocol.filter(
        ({ target }) => folderOf(target) !== 'src/protocol' && target !== 'src/errors/claudex-error.ts',
      ),
    ).toEqual([]);
  });

  it('install-scripts lean on src/claude and root files; only the cli leans on them', () => {
    const outside = imports.filter(
      ({ file, target }) => file.startsWith('install-scripts/') && target.startsWith('src/'),
    );
    expect(outside.filter(({ target }) => ![undefined, 'src/claude'].includes(folderOf(target)))).toEqual([]);
    expect(importersOf(/^install-scripts\//).filter((folder) => folder !== 'install-scripts')).toEqual(['src/cli']);
  });

  it('one folder owns each large dependency', () => {
    expect(importersOf(/^node-pty$/)).toEqual(['src/pty']);
    for (const name of ['commander', 'chalk', 'conf'])
      expect(importersOf(new RegExp(`^${name}$`))).toEqual(['src/cli']);
    expect(importersOf(/^@xterm\/headless$/)).toEqual(['src/terminal']);
  });

  it('no folder is called what says nothing', () => {
    const empty = /\/(shared|utils?|common|helpers?|core|types)\//;
    expect(files.filter((file) => empty.test(file))).toEqual([]);
  });

  it('no file is longer than 250 lines but those listed', () => {
    const long = files
      .map((file) => ({ file, lines: readFileSync(join(root, file), 'utf8').split('\n').length - 1 }))
      .filter(({ lines }) => lines > 250);
    expect(long.map(({ file }) => file)).toEqual(Object.keys(tooLong));
  });
});
