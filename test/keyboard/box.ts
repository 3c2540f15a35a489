/**
 * The tests' own look at claude's prompt box, independent of the one in `src/claude/`: the lowest pair of rules, and what
 * stands between them without what claude draws dim. Pure.
 */

export interface Box {
  /** `❯`, `!`, `#`: what the first row begins with. */
  sign: string;
  /** Lines joined, without the margin; empty when only a placeholder stands there. */
  text: string;
}

const rule = /^\s*─{10}/;

/** Undefined while no box is on the screen: a dialog, a view, another program. */
export function readBox(rows: ReadonlyArray<{ text: string; brightText: string }>): Box | undefined {
  const bottom = rows.findLastIndex(({ text }) => rule.test(text));
  const top = rows.slice(0, Math.max(bottom, 0)).findLastIndex(({ text }) => rule.test(text));
  if (top < 0 || bottom - top < 2) return undefined;
  const sign = rows[top + 1]!.text.trimStart()[0] ?? '';
  if (!/[❯!#]/.test(sign)) return undefined;
  const lines = rows.slice(top + 1, bottom).map(({ brightText }, index) => {
    const line = index === 0 ? brightText.replace(/^\s*[❯!#]/, '') : brightText;
    return line.replaceAll('\u00a0', ' ').trim();
  });
  const text = lines.join('\n').trim();
  // the cursor stands on a placeholder's first letter, which is then not dim
  const isPlaceholder = text.length === 1 && rows[top + 1]!.text.replaceAll('\u00a0', ' ').trim().length > 3;
  return { sign, text: isPlaceholder ? '' : text };
}
