/** What keys that a phone does not have send to a terminal. */

export interface BarKey {
  label: string;
  title: string;
  /** With application cursor keys (DECCKM) an arrow is another sequence. */
  bytes: (applicationCursor: boolean) => string;
}

function arrow(letter: string): BarKey['bytes'] {
  return (application) => (application ? `\x1bO${letter}` : `\x1b[${letter}`);
}

export const barKeys: readonly BarKey[] = [
  { label: 'esc', title: 'Escape', bytes: () => '\x1b' },
  { label: 'tab', title: 'Tab', bytes: () => '\t' },
  { label: '⇧tab', title: 'Shift-Tab: the next permission mode', bytes: () => '\x1b[Z' },
  { label: '←', title: 'Left', bytes: arrow('D') },
  { label: '↑', title: 'Up', bytes: arrow('A') },
  { label: '↓', title: 'Down', bytes: arrow('B') },
  { label: '→', title: 'Right', bytes: arrow('C') },
  { label: '⏎', title: 'Enter', bytes: () => '\r' },
  { label: '^C', title: 'Ctrl-C', bytes: () => '\x03' },
];

/** What Ctrl makes of the first character of `text`; the rest stays as it is. */
export function withControl(text: string): string {
  const code = text.toUpperCase().charCodeAt(0);
  if (text === ' ') return '\0';
  if (code === 0x3f) return '\x7f';
  return code >= 0x40 && code <= 0x5f ? String.fromCharCode(code & 0x1f) + text.slice(1) : text;
}
