/** What a person does at claude's keyboard, as data: a walk is planned, carried out, written down, replayed and shortened. */

export type Speed = 'human' | 'machine';

/** Who sends a message from outside. */
export type From = 'user' | 'peer';

export type Step =
  /** Key names of `keyBytes`, one write each. */
  | { do: 'keys'; keys: string[] }
  /** One write a character. */
  | { do: 'type'; text: string }
  /** A bracketed paste, one write. */
  | { do: 'paste'; text: string }
  | { do: 'wait'; ms: number }
  | { do: 'resize'; cols: number; rows: number }
  /** A message from outside; nobody waits for it. */
  | { do: 'send'; number: number; from: From; shape: Shape; when?: 'now' }
  /**
   * The person stops, looks at the box, a message comes, and the box is looked at again. `burst` is typed meanwhile, from
   * `afterMs` on.
   */
  | { do: 'watch'; number: number; from: From; shape: Shape; burst?: { text: string; afterMs: number } }
  /** A permission prompt is open: a message comes, and the dialog must stand there as before. */
  | { do: 'watch dialog'; number: number; from: From };

/** What a message's body looks like. */
export const shapes = ['line', 'shell', 'bang', 'slash', 'hash', 'at', 'backslash', 'emoji', 'long'] as const;
export type Shape = (typeof shapes)[number];

export interface Walk {
  seed: number;
  speed: Speed;
  /** `claudex install` was run before. */
  installed: boolean;
  editorMode: 'normal' | 'vim';
  /** `auto`: what claude does by itself, which from 2.1.330 on is auto mode; `default`: the person is asked. */
  permissions: 'default' | 'auto' | 'bypass';
  /** Enter makes a new line, Ctrl-G submits (keybindings.json). */
  enterIsNewline: boolean;
  cols: number;
  rows: number;
  steps: Step[];
}

const letters = [...'abcdefghijklmnopqrstuvwxyz'];

/** The bytes of every key that the person knows. */
export const keyBytes: Readonly<Record<string, string>> = {
  ...Object.fromEntries(letters.map((letter, index) => [`ctrl-${letter}`, String.fromCharCode(index + 1)])),
  ...Object.fromEntries(letters.map((letter) => [`alt-${letter}`, `\x1b${letter}`])),
  ...Object.fromEntries([...letters, ...'0123456789!#@/$:?^G'].map((char) => [char, char])),
  'ctrl-_': '\x1f',
  'ctrl-\\': '\x1c',
  'ctrl-]': '\x1d',
  'ctrl-^': '\x1e',
  'ctrl-space': '\x00',
  enter: '\r',
  'alt-enter': '\x1b\r',
  esc: '\x1b',
  tab: '\t',
  'shift-tab': '\x1b[Z',
  backspace: '\x7f',
  'alt-backspace': '\x1b\x7f',
  delete: '\x1b[3~',
  up: '\x1b[A',
  down: '\x1b[B',
  right: '\x1b[C',
  left: '\x1b[D',
  'ctrl-right': '\x1b[1;5C',
  'ctrl-left': '\x1b[1;5D',
  'shift-up': '\x1b[1;2A',
  'shift-down': '\x1b[1;2B',
  home: '\x1b[H',
  end: '\x1b[F',
  'page-up': '\x1b[5~',
  'page-down': '\x1b[6~',
  space: ' ',
};

/** Keys that can bring an earlier prompt, a message's too, back into the person's box. */
export function bringsBack(key: string): boolean {
  const recalling = [
    'up',
    'esc',
    'ctrl-c',
    'ctrl-p',
    'ctrl-r',
    'ctrl-y',
    'alt-y',
    'ctrl-_',
    'k',
    'page-up',
    'shift-up',
  ];
  // ← while a turn runs, and Enter: 2.1.197 starts the job with that turn's prompt once more (roster: `source: fleet, mode: prompt`)
  return [...recalling, 'left'].includes(key);
}

/** The body of message `number`; the shell command that some hold leaves a file in `canaryFolder`. */
export function bodyOf(number: number, shape: Shape, canaryFolder: string): string {
  const word = wordOf(number);
  const touch = `touch ${canaryFolder}/${number}`;
  switch (shape) {
    case 'line':
      return `${word} look at the tests please`;
    case 'shell':
      return `${word} go; ${touch}\n${touch}-2`;
    case 'bang':
      return `!${touch} ${word}\n${touch}-2`;
    case 'slash':
      return `/clear ${word}\n${touch}-2`;
    case 'hash':
      return `# ${word} remember\n${touch}-2`;
    case 'at':
      return `${word} see @READ`;
    case 'backslash':
      return `${word} the path is C:\\`;
    case 'emoji':
      return `${word} smile :smi`;
    case 'long':
      return [word, ...Array.from({ length: 14 }, (_, line) => `line ${line} of it; ${touch}-${line}`), 'end'].join(
        '\n',
      );
  }
}

/** Stands in the body of message `number` and nowhere else. */
export function wordOf(number: number): string {
  return `MSG${number}X`;
}

/** What the person types holds one of these, so that it is known again: `p12q` typed, `k3q` in a burst, `e0q` by the editor. */
export const personWord = /[pke]\d+q/;
