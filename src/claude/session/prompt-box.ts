/**
 * Reads claude's prompt box from a screen: rows that begin with `❯` in the first column, between the lowest two horizontal
 * rules (seen on 2.1.197, 2.1.330 and 2.1.332, also on the alternate screen; pinned by test/e2e). Nothing that looks like a box
 * elsewhere counts, because claude may have quoted one. Pure. In doubt the answer is `unknown`, which nobody types into.
 */

export interface BoxRow {
  text: string;
  /** Without dim cells: claude draws its placeholders and suggestions dim. */
  brightText: string;
}

export type PromptBox =
  | { kind: 'empty' }
  /** `hiddenRows`: rows of it that have scrolled out above. */
  | { kind: 'text'; text: string; hiddenRows?: number }
  /** There is nothing in it, and yet it is not free: a draft waits behind it, or keys mean something else. */
  | { kind: 'taken' }
  | { kind: 'unknown' };

/** Ctrl-O shows the conversation alone above one rule: that one is dim. */
const bottomRule = /^[─━╌]{10,}/;
/** With a title at its end, or with how many rows are hidden above (2.1.332), or with the place in the history. */
const topRule = /^[─━╌]{3,}(?: ↑ (\d+) more | History [\d/]+ )?[─━╌]{5,}/;
const selectedLine = /^\s*❯/u;
const promptRow = /^❯(?:[\s\u00a0]|$)/u;
const furtherRow = /^(?: {2}|\s*$)/;
/** Ctrl-S has put a draft aside; claude puts it back with the next prompt that is submitted. */
const stashed = /(?:› stashed|draft stashed)$/;
/** In VISUAL mode Enter submits nothing; in a search what is typed goes to it (2.1.197). */
const otherMode = /^\s*(?:-- VISUAL(?: LINE)? --|search prompts:)/;

export function readPromptBox(rows: readonly BoxRow[]): PromptBox {
  const bottom = rows.findLastIndex((row) => bottomRule.test(row.brightText));
  const top = rows.slice(0, Math.max(bottom, 0)).findLastIndex((row) => topRule.test(row.text));
  if (top === -1 || bottom - top < 2) return { kind: 'unknown' };
  const below = rows.slice(bottom + 1);
  // a list with a selected line below it: a dialog
  if (below.some((row) => selectedLine.test(row.text))) return { kind: 'unknown' };
  const hiddenRows = Number(topRule.exec(rows[top]!.text)?.[1] ?? 0);
  const [first, ...further] = rows.slice(top + 1, bottom);
  const isBox = hiddenRows > 0 ? furtherRow.test(first!.text) : promptRow.test(first!.text);
  if (!isBox || !further.every((row) => furtherRow.test(row.text))) return { kind: 'unknown' };
  const text = [first!, ...further]
    .map((row) => row.brightText)
    .join('\n')
    .replace(/^❯/u, '')
    .trim();
  if (hiddenRows > 0) return { kind: 'text', text, hiddenRows };
  if (text !== '') return { kind: 'text', text };
  const around = [...rows.slice(Math.max(0, top - 2), top), ...below];
  const isTaken = around.some((row) => stashed.test(row.text)) || below.some((row) => otherMode.test(row.text));
  return { kind: isTaken ? 'taken' : 'empty' };
}
