import type { PtySize } from '../../src/terminal/pty/spawn-pty.ts';

const words = ['hello', 'wörld', '日本', 'e\u0301', '🙂', 'x', '──', 'a longer piece of text that may wrap', ' ', '\t'];

/** Output as full-screen and line programs write it: text, colours, moves, erasing, scrolling, modes. From one seed. */
export function randomOutput(random: () => number, { cols, rows }: PtySize, steps = 60): string {
  const pick = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)]!;
  const upTo = (most: number): number => 1 + Math.floor(random() * most);
  const kinds: Array<() => string> = [
    () => pick(words),
    () => pick(words),
    () => '\r\n',
    () => `\x1b[${upTo(rows)};${upTo(cols)}H`,
    () => `\x1b[${pick([0, 1, 2, 3, 4, 7, 31, 42, 95, 39, 49])}m`,
    () => `\x1b[38;5;${upTo(255)}m`,
    () => `\x1b[48;2;${upTo(255)};${upTo(255)};${upTo(255)}m`,
    () => `\x1b[${pick(['J', '1J', '2J', 'K', '1K', '2K'])}`,
    () => `\x1b[${upTo(3)}${pick(['A', 'B', 'C', 'D', 'L', 'M', '@', 'P', 'S', 'T', 'X'])}`,
    () => `\x1b[?${pick([1, 7, 25, 1000, 1002, 1004, 1006, 2004, 2031])}${pick(['h', 'l'])}`,
    () => pick(['\x1b[?1049h', '\x1b[?1049l']),
    () => (random() < 0.3 ? `\x1b[${upTo(4)};${rows - upTo(4)}r` : '\x1b[r'),
    () => pick(['\r', '\n', '\b', '\x1bM', '\x1b7', '\x1b8']),
  ];
  let output = '';
  for (let step = 0; step < steps; step++) output += pick(kinds)();
  return output;
}
