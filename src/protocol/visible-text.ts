/** Text of somebody else's for a person who has to judge it: nothing in it hides, and nothing acts on a terminal. Pure. */

/**
 * What a terminal acts on or does not show: controls but newline and tab, format characters (zero-width, bidi, tags), line and
 * paragraph separators, white space that is no plain blank, surrogates, private and unassigned code points, fillers, and selectors.
 */
const hidden =
  /[^\P{C}\n\t]|[\p{Zl}\p{Zp}]|[^\P{Zs} ]|\p{Variation_Selector}|\u034f|[\u115f\u1160\u2800\u3164\uffa0]|\u17b4|\u17b5/gu;

/** `text` with each such character written out: `⟨U+202E⟩`. Nothing is left out. */
export function visibleText(text: string): string {
  return text.replace(hidden, (character) => {
    const code = character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0');
    return `⟨U+${code}⟩`;
  });
}

/** The same in one line: newlines and tabs are written out too. */
export function visibleLine(text: string): string {
  return visibleText(text).replaceAll('\n', '⏎').replaceAll('\t', '⇥');
}
