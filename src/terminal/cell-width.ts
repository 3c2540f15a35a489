/** How many columns a terminal gives to a text. Pure. */

const noCell = /^[\p{Mn}\p{Me}\p{Cf}]/u;
const twoCells =
  /^[\p{Emoji_Presentation}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Bopomofo}\p{Script=Yi}\u3000-\u303e\u3200-\u33ff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6]/u;
/** Printable ASCII, of which most texts are made. */
const plain = /^[ -~]*$/;

/** How many columns a terminal gives to `text`, which holds no control character. */
export function cellsOf(text: string): number {
  if (plain.test(text)) return text.length;
  let cells = 0;
  for (const letter of text) cells += cellsOfLetter(letter);
  return cells;
}

/** As much of the beginning of `text` as fits into `cells` columns. */
export function cutToCells(text: string, cells: number): string {
  if (plain.test(text)) return text.slice(0, Math.max(0, cells));
  let left = cells;
  let kept = '';
  for (const letter of text) {
    left -= cellsOfLetter(letter);
    if (left < 0) break;
    kept += letter;
  }
  return kept;
}

function cellsOfLetter(letter: string): number {
  if (letter >= ' ' && letter <= '~') return 1;
  return noCell.test(letter) ? 0 : twoCells.test(letter) ? 2 : 1;
}
