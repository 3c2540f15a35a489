/** A screen in its colours, as lines of the board: of all that acts on a terminal only colours and weights are kept. Pure. */
import { type Line, type Span, span } from './line.ts';
import { safeText } from './safe-text.ts';

/** Cells in which nothing was ever written are passed over, not written as blanks. */
const passedOver = /\x1b\[(\d{0,3})C/g;
const colour = /\x1b\[([0-9;:]*)m/;

/** The lines of a screen; without `colours` as plain text. */
export function screenLines(text: string, { colours }: { colours: boolean }): Line[] {
  let on = '';
  return text
    .replace(/\r/g, '')
    .replace(passedOver, (_, cells: string) => ' '.repeat(Number(cells || 1)))
    .split('\n')
    .map((line) => {
      const spans: Span[] = [];
      line.split(colour).forEach((part, at) => {
        if (at % 2 === 1) {
          const isReset = part === '' || part === '0';
          on = isReset || /^0;/.test(part) ? part.replace(/^0?;?/, '') : on === '' ? part : `${on};${part}`;
          return;
        }
        const shown = safeText(part);
        if (shown !== '') spans.push(colours && on !== '' ? { text: shown, sgr: on } : span(shown));
      });
      return spans;
    });
}
