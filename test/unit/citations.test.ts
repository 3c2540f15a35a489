/** What code, tests and documentation cite is in the repository, and says what it is cited for. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const self = 'test/unit/citations.test.ts';
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

/** Written by hand: no recordings. */
function written(path: string): string[] {
  if (statSync(join(root, path)).isFile()) return [path];
  return readdirSync(join(root, path), { recursive: true, encoding: 'utf8' })
    .map((name) => `${path}/${name}`)
    .filter((name) => /\.(ts|mjs|cjs|js|md|sh)$|\/claudex-\w+$/.test(name) && statSync(join(root, name)).isFile());
}

const files = [
  'src',
  'install-scripts',
  'hooks',
  'bin',
  'bench',
  'test',
  'docs',
  'bundle.mjs',
  'README.md',
  'CONTRIBUTING.md',
]
  .flatMap(written)
  .filter((name) => name !== self);

/** The anchors that GitHub makes of the headings. */
function anchorsOf(markdown: string): string[] {
  return [...markdown.matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

describe('citations', () => {
  it('name nothing that only its author has: point to a page in docs/, or to a test, instead', () => {
    const elsewhere =
      /\bfacts?,? sections? \d|\bfield (?:notes|findings)\b|\bhouse[ -](?:style|plan)\b|\bissues? \d+\b|\/work\/(?:shared|h)\b/gi;
    const found = files.flatMap((name) => [...read(name).matchAll(elsewhere)].map(([words]) => `${name}: ${words}`));
    expect(found).toEqual([]);
  });

  it('of a section in docs/ name one that is there', () => {
    const cited = files.flatMap((name) =>
      [...read(name).matchAll(/\b(docs\/[\w-]+\.md)(?:#([\w-]+))?/g)].map(([, page, anchor]) => ({
        name,
        page: page!,
        anchor,
      })),
    );
    expect(cited.length).toBeGreaterThan(20);
    const wrong = cited.filter(
      ({ page, anchor }) =>
        !existsSync(join(root, page)) || (anchor !== undefined && !anchorsOf(read(page)).includes(anchor)),
    );
    expect(wrong).toEqual([]);
  });
});

describe('docs/claude-facts.md', () => {
  const rows = read('docs/claude-facts.md')
    .split('\n')
    .filter((line) => /^\| (?!Fact|---)/.test(line))
    .map((line) => line.slice(2, -2).split(' | '));

  it('has rows of fact, versions, and what pins it', () => {
    expect(rows.length).toBeGreaterThan(25);
    for (const row of rows) {
      expect(row).toHaveLength(3);
      expect(row[2]).toMatch(/`test\/|by hand/);
    }
  });

  it('names tests that are there', () => {
    const pins = rows.flatMap(([, , pin]) => [...pin!.matchAll(/`(test\/[\w./-]+)`(?: "([^"]+)")?/g)]);
    for (const [, path, title] of pins) {
      expect(existsSync(join(root, path!)), path).toBe(true);
      if (title !== undefined) expect(read(path!), `${path} has no "${title}"`).toContain(title);
    }
  });
});
