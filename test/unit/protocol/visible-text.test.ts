import { describe, expect, it } from 'vitest';
import { visibleLine, visibleText } from '../../../src/protocol/visible-text.ts';

describe('text that a person has to judge', () => {
  it('stays as it is where there is nothing to hide', () => {
    const text = 'grep -r "naïve 日本語 ١ ไทย" . \\\n\t| sort 😀';
    expect(visibleText(text)).toBe(text);
  });

  it.each([
    ['an escape sequence', '\x1b[2Jrm', '⟨U+001B⟩[2Jrm'],
    ['a carriage return over what stands there', 'rm -rf /\rls', 'rm -rf /⟨U+000D⟩ls'],
    ['C1 controls', '\x9b31m\x85', '⟨U+009B⟩31m⟨U+0085⟩'],
    ['NUL, BEL, DEL', '\0\x07\x7f', '⟨U+0000⟩⟨U+0007⟩⟨U+007F⟩'],
    ['bidi overrides and isolates', 'a\u202eb\u2066c\u200fd', 'a⟨U+202E⟩b⟨U+2066⟩c⟨U+200F⟩d'],
    ['zero-width characters', 'r\u200bm\u2060\ufeff\u00ad', 'r⟨U+200B⟩m⟨U+2060⟩⟨U+FEFF⟩⟨U+00AD⟩'],
    ['tag characters', '\u{e0041}', '⟨U+E0041⟩'],
    ['line and paragraph separators', '\u2028\u2029', '⟨U+2028⟩⟨U+2029⟩'],
    ['blanks that are none', 'rm\u00a0-rf\u3000', 'rm⟨U+00A0⟩-rf⟨U+3000⟩'],
    ['fillers and selectors', '\u3164\u115f\u034f\ufe0f\u{e0100}', '⟨U+3164⟩⟨U+115F⟩⟨U+034F⟩⟨U+FE0F⟩⟨U+E0100⟩'],
    ['halves of surrogate pairs', 'a\ud800b', 'a⟨U+D800⟩b'],
    ['private use and unassigned', '\ue000\u0378', '⟨U+E000⟩⟨U+0378⟩'],
  ])('shows %s', (_what, text, shown) => {
    expect(visibleText(text)).toBe(shown);
  });

  it('is one line where one is wanted, with the ends of lines to be seen', () => {
    expect(visibleLine('a\nb\tc')).toBe('a⏎b⇥c');
  });
});
