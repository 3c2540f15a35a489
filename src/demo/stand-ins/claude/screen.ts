/** The screen of the stand-in for claude: what is finished scrolls up, the prompt box or a dialog is drawn again below it. */

const dialogRows = ['  Select model', '', '  ❯ 1. Default', '    2. Other', '', '  Enter to confirm · Esc to cancel'];

/** A text of more lines is folded in the box. */
const maxBoxLines = 8;

/** More of a text is not drawn. */
const maxFinishedChars = 8000;

export class Screen {
  /** What stands in the prompt box. */
  draft = '';
  hint = '';
  badge = '';
  hasDialog = false;
  #drawnRows = 0;

  draw(...finished: string[]): void {
    const columns = process.stdout.columns || 80;
    const rule = '─'.repeat(columns);
    const rows = this.hasDialog
      ? [rule, ...dialogRows]
      : [rule, ...this.#boxRows(columns - 4), rule, `  ${this.hint || this.badge || '? for shortcuts'}`];
    const up = this.#drawnRows > 1 ? `\x1b[${this.#drawnRows - 1}A` : '';
    const lines = finished.flatMap((block) => block.slice(0, maxFinishedChars).split('\n'));
    process.stdout.write(`${up}\r\x1b[J${[...lines, ...rows].join('\r\n')}`);
    this.#drawnRows = rows.length;
  }

  /** The draft as claude shows it: long lines wrapped, a long text folded. */
  #boxRows(columns: number): string[] {
    const lines = this.draft.split('\n');
    const shown = lines.length > maxBoxLines ? [`[Pasted text #1 +${lines.length - 1} lines]`] : lines;
    return shown
      .flatMap((line) => line.match(new RegExp(`.{1,${columns}}`, 'gu')) ?? [''])
      .map((row, index) => `${index === 0 ? '❯ ' : '  '}${row}`);
  }
}
