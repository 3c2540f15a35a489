/** What the demo says: numbered steps, commands, screens; plain text unless the caller gives colours. */

type Painter = (text: string) => string;

/** Colours to speak in. A chalk instance is one; this folder imports none. */
export interface Palette {
  bold: Painter;
  dim: Painter;
  cyan: Painter;
  green: Painter;
  red: Painter;
}

const asIs: Painter = (text) => text;

/** No colours: pipes, NO_COLOR, dumb terminals. */
export const noColours: Palette = { bold: asIs, dim: asIs, cyan: asIs, green: asIs, red: asIs };

export class Narrator {
  readonly #write: (text: string) => void;
  readonly #palette: Palette;
  #steps = 0;
  #silent = false;

  constructor(palette: Palette, write: (text: string) => void) {
    this.#palette = palette;
    this.#write = write;
  }

  title(text: string): void {
    this.#line(this.#palette.bold(text));
  }

  /** A numbered step of the story. */
  step(text: string): void {
    this.#line(`\n${this.#palette.bold(`${++this.#steps}. ${text}`)}`);
  }

  say(text: string): void {
    this.#line(`   ${text}`);
  }

  /** A command as a person would have typed it. */
  command(folder: string, text: string): void {
    this.#line(`   ${this.#palette.dim(`${folder} $`)} ${this.#palette.cyan(text)}`);
  }

  /** What a command printed. */
  output(text: string, paint: keyof Palette = 'green'): void {
    for (const line of text.trimEnd().split('\n')) this.#line(`   ${this.#palette[paint](line)}`);
  }

  /** Rows of a session's terminal, in a frame. */
  screen(title: string, rows: readonly string[], columns: number): void {
    const { dim } = this.#palette;
    this.#line(`   ${dim(`┌─ ${title} ${'─'.repeat(Math.max(0, columns - title.length - 3))}┐`)}`);
    for (const row of rows) this.#line(`   ${dim('│')}${row.slice(0, columns).padEnd(columns)}${dim('│')}`);
    this.#line(`   ${dim(`└${'─'.repeat(columns)}┘`)}`);
  }

  good(text: string): void {
    this.#line(`\n${this.#palette.green(`✓ ${text}`)}`);
  }

  bad(text: string): void {
    this.#line(`\n${this.#palette.red(`✗ ${text}`)}`);
  }

  /** From here on nothing is said: the demo is being taken down. */
  silence(): void {
    this.#silent = true;
  }

  #line(text: string): void {
    if (!this.#silent) this.#write(`${text}\n`);
  }
}
