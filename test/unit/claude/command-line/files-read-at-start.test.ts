/** What a repository can put where a warm process's key looks: none of it may hold up, or hide a change. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { filesReadAtStart } from '../../../../src/claude/command-line/files-read-at-start.ts';
import { entriesBelow, readProjectFile } from '../../../../src/claude/project-files.ts';
import { useTestBed } from '../../../support/test-bed.ts';

describe('the files that claude reads at its start', () => {
  const bed = useTestBed();

  function project() {
    const home = bed.home();
    const agents = join(home.cwd, '.claude', 'agents');
    mkdirSync(agents, { recursive: true });
    const word = (args: string[] = []) =>
      filesReadAtStart({ file: process.execPath, args, cwd: home.cwd, env: home.env() });
    return { home, agents, word };
  }

  it('change the word, in folders of folders too', () => {
    const { agents, word } = project();
    const words = new Set([word()]);
    writeFileSync(join(agents, 'a.md'), 'one');
    words.add(word());
    mkdirSync(join(agents, 'more'));
    writeFileSync(join(agents, 'more', 'b.md'), 'one');
    words.add(word());
    writeFileSync(join(agents, 'more', 'b.md'), 'one more');
    words.add(word());
    expect(words.size).toBe(4);
    expect(word()).toBe(word());
  });

  it('are followed through a link to the folder itself, as people link their agents', () => {
    const { home, word } = project();
    const elsewhere = join(home.root, 'dotfiles');
    mkdirSync(elsewhere);
    symlinkSync(elsewhere, join(home.cwd, '.claude', 'output-styles'));
    const before = word();
    writeFileSync(join(elsewhere, 'mine.md'), 'x');
    expect(word()).not.toBe(before);
  });

  it('are not looked for through links below it: two links to themselves are 2^40 folders', () => {
    const { agents, word } = project();
    symlinkSync('.', join(agents, 'a'));
    symlinkSync('.', join(agents, 'b'));
    expect(entriesBelow(agents, { entries: 100 })).toEqual([join(agents, 'a'), join(agents, 'b')]);
    expect(word()).toBe(word());
  });

  it('are never the same twice where there are more than are looked at (agents -> /)', () => {
    const { home, word } = project();
    symlinkSync('/', join(home.cwd, '.claude', 'output-styles'));
    expect(word()).not.toBe(word());
    const budget = { entries: 50 };
    expect(entriesBelow('/usr', budget)).toHaveLength(50);
    expect(budget.entries).toBe(0);
  });

  it('are read as plain files of a bounded size only', () => {
    const { home } = project();
    const at = (name: string): string => join(home.root, name);
    writeFileSync(at('plain'), '{"statusLine":1}');
    symlinkSync('plain', at('link'));
    symlinkSync('/dev/zero', at('zero'));
    symlinkSync('/dev/tty', at('tty'));
    symlinkSync('endless', at('endless'));
    execFileSync('mkfifo', [at('pipe')]);
    writeFileSync(at('large'), Buffer.alloc(4 * 1024 * 1024 + 1));
    expect(['plain', 'link'].map((name) => readProjectFile(at(name)))).toEqual(
      Array.from({ length: 2 }, () => '{"statusLine":1}'),
    );
    for (const name of ['zero', 'tty', 'endless', 'pipe', 'large', 'none', '.']) {
      expect(readProjectFile(at(name)), name).toBeUndefined();
    }
  });
});
