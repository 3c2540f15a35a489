/**
 * How claude's prompt box takes a paste, and how ours is known there (measured on 2.1.197 and 2.1.332; pinned by test/e2e).
 * A paste of more than 800 characters or three lines is folded to `[Pasted text #1 +12 lines]`, and 2.1.330 and newer hand what
 * is folded to the model as `<pasted_content>`, not as the person's words. Several short pastes in one write stay words. Pure.
 */
import type { PromptBox } from './prompt-box.ts';

/** Columns and rows of the terminal. */
interface Size {
  cols: number;
  rows: number;
}

/** A longer line is folded wherever it stands. */
const maxLineChars = 700;
/** A lower terminal folds a paste of two lines as well. */
const minRowsForWords = 13;
/** Several pastes in one write are each taken as the first in an empty box: a `!` there begins a shell command (2.1.197). */
const beginsCommand = /^\s*[!/#@&]/;
const foldAboveChars = 800;
const foldAboveLines = 3;
const backspace = 0x7f;

/** The keys that put `text` into the box: as words where it fits into the box, else as one paste that claude folds. */
export function pasteKeys(text: string, size: Size): Buffer {
  const lines = text.split(/(?<=\n)/);
  if (text.length > foldAboveChars || lines.length > foldAboveLines) {
    return fitsAsWords(lines, size) ? inPastes([...lines.slice(0, -1), withInertEnd(lines.at(-1)!)]) : inPastes([text]);
  }
  return inPastes([withInertEnd(text)]);
}

/** True when `text`, put in once by `pasteKeys`, stands in the box and nothing else does. */
export function holdsExactly(box: PromptBox, text: string): boolean {
  if (box.kind !== 'text') return false;
  const shown = signsOf(box.text);
  const wanted = signsOf(text);
  if (box.hiddenRows) return shown !== '' && wanted.endsWith(shown);
  return shown === wanted || isFoldOf(shown, text);
}

/**
 * The keys that take `text` out of the box again, with the cursor behind it: exactly as many backspaces as it has characters,
 * one for a fold. Undefined where that cannot be told, because it does not stand at the end, or has characters that count differently.
 */
export function eraseKeys(box: PromptBox, text: string): Buffer | undefined {
  if (box.kind !== 'text') return undefined;
  const shown = signsOf(box.text);
  if (isFoldOf(shown.replace(/^.*(?=\[Pasted)/, ''), text)) return Buffer.of(backspace);
  const isAlone = holdsExactly(box, text);
  if (!isAlone && !(shown.endsWith(signsOf(text)) && /^[\n\x20-\x7e\u00a1-\u017f\u2010-\u2027]*$/.test(text))) {
    return undefined;
  }
  const typed = withInertEnd(text).replaceAll('\t', '    ');
  return Buffer.alloc([...new Intl.Segmenter().segment(typed)].length, backspace);
}

/** With `\` before Enter claude makes a new line, and with `:smi` or `@src` at the end Enter takes what it proposes; not behind a space. It leaves out white space at a prompt's end. */
function withInertEnd(text: string): string {
  return `${text} `;
}

function inPastes(pieces: readonly string[]): Buffer {
  return Buffer.from(pieces.map((piece) => `\x1b[200~${piece}\x1b[201~`).join(''));
}

/** 2.1.332 scrolls a box that is higher than this; then it cannot be seen whole. */
function fitsAsWords(lines: readonly string[], { cols, rows }: Size): boolean {
  if (rows < minRowsForWords || lines.some((line) => line.length > maxLineChars || beginsCommand.test(line)))
    return false;
  const columns = cols - 4;
  let needed = 0;
  for (const line of lines) {
    const width = [...line].reduce((sum, char) => sum + (char > '\u2fff' ? 2 : 1), 0);
    // words that do not fit begin a row
    needed += width > columns ? Math.ceil(width / columns) + 1 : 1;
  }
  return needed <= Math.floor(rows / 2) - 5;
}

function isFoldOf(shown: string, text: string): boolean {
  const fold = /^\[Pastedtext#\d+(?:\+(\d+)lines)?\]$/.exec(shown);
  if (!fold) return false;
  // what counts as the end of a line besides a newline differs between versions
  return /[\u2028\u2029]/.test(text) || Number(fold[1] ?? 0) === text.split('\n').length - 1;
}

/**
 * The letters, digits and ASCII signs alone. Claude wraps lines, makes spaces of tabs, puts accents together, and leaves out what
 * has no width or shows something else for it.
 */
function signsOf(text: string): string {
  return text.normalize('NFC').replace(/[^\x21-\x7e\p{L}\p{N}]/gu, '');
}

/** True when the box is seen, and nothing of ours is in it. */
export function hasLetGo(box: PromptBox, mark: string): boolean {
  return box.kind === 'empty' || box.kind === 'taken' || (box.kind === 'text' && !mayHold(box, mark));
}

/** True when something of ours may be seen in it. */
export function mayHold(box: PromptBox, mark: string): boolean {
  if (box.kind !== 'text') return false;
  const shown = box.text.replace(/\s/g, '');
  return box.hiddenRows !== undefined || shown.includes(mark.replace(/\s/g, '')) || /\[Pastedtext#\d/.test(shown);
}
