/** The keyboard of the stand-in for claude: keys, and pastes in brackets. */
import type { Screen } from './screen.ts';
import type { Turns } from './turns.ts';

const pasteBegin = '\x1b[200~';
const pasteEnd = '\x1b[201~';

/** A second Ctrl-C within this time ends the session. */
const ctrlCMs = 2000;

export class Keys {
  readonly #screen: Screen;
  readonly #turns: Turns;
  readonly #exit: () => void;
  /** The text so far, inside a paste. */
  #paste: string | undefined;
  #ctrlCTimer: NodeJS.Timeout | undefined;

  constructor(screen: Screen, turns: Turns, exit: () => void) {
    this.#screen = screen;
    this.#turns = turns;
    this.#exit = exit;
  }

  /** Takes what came from the terminal in one piece. */
  take(text: string): void {
    const screen = this.#screen;
    let endedPaste = false;
    for (let rest = text; rest !== ''; ) {
      if (this.#paste !== undefined) {
        const close = rest.indexOf(pasteEnd);
        this.#paste += close < 0 ? rest : rest.slice(0, close);
        if (close < 0) break;
        if (!screen.hasDialog) screen.draft += this.#paste.replaceAll('\r', '\n');
        this.#paste = undefined;
        endedPaste = true;
        rest = rest.slice(close + pasteEnd.length);
      } else if (rest.startsWith(pasteBegin)) {
        this.#paste = '';
        rest = rest.slice(pasteBegin.length);
      } else {
        const sequence = /^\x1b(\[[0-?]*[ -/]*[@-~]|O.)/.exec(rest)?.[0];
        const key = sequence ?? String.fromCodePoint(rest.codePointAt(0)!);
        // Enter in the same write as a paste is swallowed (2.1.197)
        if (sequence === undefined && !(key === '\r' && endedPaste)) this.#press(key);
        rest = rest.slice(key.length);
      }
    }
    screen.draw();
  }

  #press(key: string): void {
    const screen = this.#screen;
    if (key === '\x03') this.#ctrlC();
    else if (screen.hasDialog) {
      if (key === '\r' || key === '\x1b') this.#turns.closeDialog();
    } else if (key === '\r') {
      const prompt = screen.draft;
      screen.draft = '';
      this.#turns.submit(prompt, 'typed');
    } else if (key === '\x1b') this.#turns.interrupt();
    else if (key === '\x7f') screen.draft = [...screen.draft].slice(0, -1).join('');
    else if (key === '\x15') screen.draft = '';
    else if (key === '\x04' && screen.draft === '') this.#exit();
    else if (key >= ' ') screen.draft += key;
  }

  #ctrlC(): void {
    const screen = this.#screen;
    if (this.#turns.isRunning) this.#turns.interrupt();
    else if (screen.draft !== '' || this.#ctrlCTimer === undefined) {
      screen.draft = '';
      screen.hint = 'Press Ctrl-C again to exit';
      clearTimeout(this.#ctrlCTimer);
      this.#ctrlCTimer = setTimeout(() => {
        this.#ctrlCTimer = undefined;
        screen.hint = '';
        screen.draw();
      }, ctrlCMs);
    } else this.#exit();
  }
}
