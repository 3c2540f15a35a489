/**
 * Reads claude's prompt box from a screen: a row that begins with `❯` between two horizontal rules
 * (seen on 2.1.197 and 2.1.330; pinned by test/e2e). Pure. In doubt the answer is `unknown`, which nobody types into.
 */

export interface BoxRow {
  text: string;
  /** Without dim cells: claude draws its placeholder dim. */
  brightText: string;
}

export type PromptBox = { kind: 'empty' } | { kind: 'text'; text: string } | { kind: 'unknown' };

const ruleLine = /^\s*[─━╌]{10,}/;
const selectedLine = /^\s*❯/u;
const promptLine = /^\s{0,2}❯[\s\u00a0]?(.*)$/u;

export function readPromptBox(rows: readonly BoxRow[]): PromptBox {
  for (let bottom = rows.length - 1; bottom >= 2; bottom--) {
    // a selected line below every box: a dialog; what looks like a box above it is conversation
    if (selectedLine.test(rows[bottom]!.text)) return { kind: 'unknown' };
    if (!ruleLine.test(rows[bottom]!.text)) continue;
    for (let top = bottom - 1; top >= 1; top--) {
      const prompt = promptLine.exec(rows[top]!.text);
      if (!prompt) {
        if (ruleLine.test(rows[top]!.text)) break;
        continue;
      }
      if (!ruleLine.test(rows[top - 1]!.text)) break;
      const bright = rows.slice(top, bottom).map((row) => row.brightText);
      const text = bright
        .join('\n')
        .replace(/^\s{0,2}❯/u, '')
        .trim();
      return text === '' ? { kind: 'empty' } : { kind: 'text', text };
    }
  }
  return { kind: 'unknown' };
}

/** True when what stands in the box is a paste of ours: its mark, or claude's fold of a long paste. */
export function holdsOurPaste(box: PromptBox, mark: string): boolean {
  return box.kind === 'text' && (box.text.startsWith(mark) || /^\[Pasted text #\d+/.test(box.text));
}
