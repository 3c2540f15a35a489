/** What others wrote, made safe to stand on the board: nothing acts on the terminal, and every letter has the width that it seems to have. Pure. */
import { oneLine, printable } from '../protocol/sanitise.ts';

/** Terminals disagree about the width of what these join or vary. */
const joiners = /[\u00ad\u061c\u200b-\u200f\u2060-\u2064\ufeff]|[\ufe00-\ufe0f]/g;

/** In one line. */
export function safeLine(text: string): string {
  return oneLine(text).replace(joiners, '').trim();
}

/** With its line ends. */
export function safeText(text: string): string {
  return printable(text).replace(joiners, '').replaceAll('\t', '    ');
}
