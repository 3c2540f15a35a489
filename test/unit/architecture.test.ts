/** The import direction of docs/architecture.md, read from the import statements; `import type` counts as well. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { verifies } from '../requirements.ts';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** The ladder: a folder may import those on lower rungs, never its own rung or a higher one. No exception. */
const heights: Record<string, number> = {
  errors: 1,
  process: 1,
  home: 2,
  protocol: 2,
  schedule: 2,
  http: 3,
  settings: 3,
  claude: 4,
  terminal: 5,
  background: 5,
  'daemon-client': 6,
  'host-client': 6,
  runner: 7,
  history: 7,
  far: 7,
  warm: 7,
  supervisor: 8,
  host: 8,
  daemon: 8,
  mcp: 8,
  serve: 8,
  web: 8,
  mesh: 8,
  demo: 8,
  board: 8,
  cli: 9,
};

/** Tables: one row a thing, nothing to follow. They may be long. */
const tables = ['src/errors/catalogue.ts', 'src/settings/definitions.ts'];

interface Import {
  file: string;
  /** A path below the root, or a package. */
  target: string;
}

function sourceFiles(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name))
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
      target: 'src/runner/claude-on-pty.ts',
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
    expect(against).toEqual([]);
  });

  it('nothing stands right under src/', () => {
    expect(files.filter((file) => /^src\/[^/]+$/.test(file))).toEqual([]);
  });

  it('protocol imports nothing but errors', () => {
    const fromProtocol = imports.filter(
      ({ file, target }) => folderOf(file) === 'src/protocol' && target.startsWith('src/'),
    );
    expect(
      fromProtocol.filter(({ target }) => !['src/protocol', 'src/errors'].includes(folderOf(target) ?? '')),
    ).toEqual([]);
  });

  it('the daemon is imported by the command that is the daemon, and by nobody else', () => {
    const outside = imports.filter(
      ({ file, target }) => /^src\/daemon\//.test(target) && !file.startsWith('src/daemon/'),
    );
    expect([...new Set(outside.map(({ file }) => file))]).toEqual(['src/cli/commands/daemon.ts']);
  });

  it('a session is written to by its own methods alone: nobody else names the record that can be written to', () => {
    const naming = files.filter((file) => /\bLiveSession\b/.test(readFileSync(join(root, file), 'utf8')));
    expect(naming).toEqual(['src/daemon/sessions/session.ts']);
  });

  it('the time of day is read only to be shown, written down, or held against what people gave in it', () => {
    // a page in a browser has no steady clock of this machine, and shows times only
    const here = files.filter((file) => !file.startsWith('src/web/page/'));
    const reading = here.filter((file) => /\bDate\.now\b|new Date\(\)/.test(readFileSync(join(root, file), 'utf8')));
    expect(reading.sort()).toEqual([
      'install-scripts/install.ts', // when it was installed
      'src/cli/commands/inbox.ts',
      'src/cli/commands/list.ts', // in how long it goes
      'src/cli/commands/send.ts', // --at, --expires
      'src/cli/conversations/show-usage.ts', // --since
      'src/cli/text/render.ts', // how old
      'src/demo/stand-ins/claude/session-on-disk.ts', // as claude writes it
      'src/home/log.ts',
      'src/process/clock.ts',
      'src/web/devices.ts', // since when a device is let in, and when it was seen
      'src/web/routes/usage.ts', // since
    ]);
  });

  it('install-scripts lean on src/claude and what lies below it; only the cli leans on them', () => {
    const outside = imports.filter(
      ({ file, target }) => file.startsWith('install-scripts/') && target.startsWith('src/'),
    );
    expect(
      outside.filter(
        ({ target }) =>
          !['src/claude', 'src/settings', 'src/errors', 'src/home', 'src/process'].includes(folderOf(target) ?? ''),
      ),
    ).toEqual([]);
    expect(importersOf(/^install-scripts\//).filter((folder) => folder !== 'install-scripts')).toEqual(['src/cli']);
  });

  it('one folder owns each large dependency', () => {
    expect(importersOf(/^node-pty$/)).toEqual(['src/terminal']);
    for (const name of ['commander', 'chalk']) expect(importersOf(new RegExp(`^${name}$`))).toEqual(['src/cli']);
    expect(importersOf(/^conf$/)).toEqual(['src/settings']);
    expect(importersOf(/^@xterm\/headless$/)).toEqual(['src/terminal']);
    expect(importersOf(/^undici$/)).toEqual(['src/far']);
    expect(imports.filter(({ target }) => target === 'web-push').map(({ file }) => file)).toEqual([
      'src/web/push-service.ts', // loaded with the first push
    ]);
    for (const name of ['ink', 'react']) expect(importersOf(new RegExp(`^${name}$`))).toEqual(['src/board']);
  });

  it('docs/architecture.md has one row for each folder of src, and a rung', () => {
    const folders = readdirSync(join(root, 'src')).sort();
    const page = readFileSync(join(root, 'docs', 'architecture.md'), 'utf8');
    const rows = [...page.matchAll(/^\| `src\/([\w-]+)\/` \|/gm)].map(([, folder]) => folder);
    expect(rows.sort()).toEqual(folders);
    const ladder = /^```\n( 9 {2}[\s\S]*?)^```/m.exec(page)?.[1] ?? '';
    expect(folders.filter((folder) => !new RegExp(`(^|\\s)${folder}(\\s|$)`).test(ladder))).toEqual([]);
  });

  it('each folder of unit tests is a folder of what it tests', () => {
    const folders = readdirSync(join(root, 'test/unit'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => posix.relative(join(root, 'test/unit'), posix.join(entry.parentPath, entry.name)));
    expect(folders.length).toBeGreaterThan(20);
    const tested = (folder: string): boolean => ['src', '.', 'test'].some((at) => existsSync(join(root, at, folder)));
    expect(folders.filter((folder) => !tested(folder))).toEqual([]);
  });

  it('no folder is called what says nothing', () => {
    const empty = /\/(shared|utils?|common|helpers?|core|types)\//;
    expect(files.filter((file) => empty.test(file))).toEqual([]);
  });

  it('no file but a table is longer than 250 lines', () => {
    const long = files
      .map((file) => ({ file, lines: readFileSync(join(root, file), 'utf8').split('\n').length - 1 }))
      .filter(({ file, lines }) => lines > 250 && !tables.includes(file));
    expect(long).toEqual([]);
  });
});
