/** What a person would see on a terminal and a program would notice of it, as something that can be compared. */
import xterm from '@xterm/headless';
import { TerminalModes } from '../../src/terminal/terminal-modes.ts';

type Terminal = InstanceType<typeof xterm.Terminal>;

/** A terminal that shows what it is given; it follows the modes that the model of its screen knows nothing of. */
export class SeenTerminal {
  readonly modes = new TerminalModes();
  readonly terminal: Terminal;

  constructor({ cols, rows }: { cols: number; rows: number }, scrollback = 200) {
    this.terminal = new xterm.Terminal({ cols, rows, scrollback, allowProposedApi: true, logLevel: 'off' });
  }

  async write(bytes: Buffer | string): Promise<void> {
    this.modes.output(Buffer.from(bytes));
    await new Promise<void>((resolve) => this.terminal.write(bytes, resolve));
  }

  /** Cells with their looks, cursor, modes; all output must be on the screen. */
  seen(): unknown {
    const keys = this.modes.redoInputModes() + this.modes.redoOtherModes() + this.modes.redoKeyboard();
    const mode = /\x1b\[\?\d+[hl]/g;
    return { ...seenScreen(this.terminal), switched: keys.match(mode)?.sort(), keys: keys.replace(mode, '') };
  }

  dispose(): void {
    this.terminal.dispose();
  }
}

export function seenScreen(terminal: Terminal): { rows: string[]; cursor: number[]; type: string; modes: object } {
  const buffer = terminal.buffer.active;
  const rows: string[] = [];
  for (let y = 0; y < terminal.rows; y++) {
    const line = buffer.getLine(buffer.baseY + y)!;
    let row = '';
    for (let x = 0; x < terminal.cols; x++) {
      const cell = line.getCell(x)!;
      if (x > 0 && line.getCell(x - 1)!.getWidth() === 2) continue;
      const shown = cell.getChars().trim() !== '';
      // of a blank only the background shows, and what is drawn through it
      const ofText = shown
        ? [cell.getFgColorMode(), cell.getFgColor(), cell.isBold(), cell.isDim(), cell.isItalic()]
        : [0, -1, 0, 0, 0];
      const drawn = [cell.getBgColorMode(), cell.getBgColor(), Boolean(cell.isUnderline()), Boolean(cell.isInverse())];
      const looks = [...ofText, ...drawn].map(Number).join();
      row += `${cell.getChars() || ' '}${looks === '0,-1,0,0,0,0,-1,0,0' ? '' : `<${looks}>`}`;
    }
    rows.push(row);
  }
  return { rows, cursor: [buffer.cursorX, buffer.cursorY], type: buffer.type, modes: { ...terminal.modes } };
}
