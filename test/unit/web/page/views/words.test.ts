import { describe, expect, it } from 'vitest';
import { ago, shortFolder, visible } from '../../../../../src/web/page/views/words.ts';

describe('visible', () => {
  it('shows what would make a text look like another one', () => {
    expect(visible('rm -rf \u202edist')).toBe('rm -rf \\u{202e}dist');
    expect(visible('a\u200bb\u0000c\x1b[31m\ufeff')).toBe('a\\u{200b}b\\u{0}c\\u{1b}[31m\\u{feff}');
  });

  it('leaves lines, tabs and every script as they are', () => {
    expect(visible('eins\n\tzwei 👩‍🚀'.replace('\u200d', ''))).toBe('eins\n\tzwei 👩🚀');
    expect(visible('größe 日本語 عربى')).toBe('größe 日本語 عربى');
  });
});

describe('shortFolder', () => {
  it.each([
    ['/home/ada/work/api', '~/work/api'],
    ['/Users/ada', '~'],
    ['/srv/a/b/c/d', '…/b/c/d'],
    ['/root/x', '~/x'],
  ])('%s is %s', (path, short) => {
    expect(shortFolder(path)).toBe(short);
  });
});

describe('ago', () => {
  it.each([
    [0, 'just now'],
    [59_999, 'just now'],
    [60_000, '1 min ago'],
    [3_600_000, '1 h ago'],
    [86_400_000, '1 d ago'],
    [-5000, 'just now'],
  ])('%i ms', (ms, words) => {
    expect(ago(1_000_000_000 - ms, 1_000_000_000)).toBe(words);
  });
});
