/** xterm with what belongs to it here. In a file of its own, because it is loaded when the first terminal is shown. */
import { FitAddon } from '@xterm/addon-fit';
import { SearchAddon } from '@xterm/addon-search';
import { UnicodeGraphemesAddon } from '@xterm/addon-unicode-graphemes';
import { WebLinksAddon } from '@xterm/addon-web-links';
import { WebglAddon } from '@xterm/addon-webgl';
import { type ITheme, Terminal } from '@xterm/xterm';

/** As many lines above the screen as a host keeps. */
const scrollbackLines = 5000;

/** Beside a question on a phone there is room for less: then the last rows are seen, and the rest is scrolled to. */
const leastRows = 12;

export interface OpenTerminalOptions {
  theme: ITheme;
  fontSize: number;
  readOnly: boolean;
  /** Graphics hardware draws it. A browser allows some sixteen of these for a page. */
  accelerated: boolean;
  /** The session wants something on the clipboard; a person says yes by a click. */
  onCopyRequest: (text: string) => void;
}

export interface OpenTerminal {
  terminal: Terminal;
  /** What has room where it stands, and at least what claude can be used with. */
  fits: () => { cols: number; rows: number };
  search: SearchAddon;
}

export function openTerminal(parent: HTMLElement, options: OpenTerminalOptions): OpenTerminal {
  const terminal = new Terminal({
    allowProposedApi: true,
    theme: options.theme,
    fontSize: options.fontSize,
    fontFamily: '"JetBrains Mono", "Cascadia Code", "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace',
    lineHeight: 1.15,
    scrollback: scrollbackLines,
    disableStdin: options.readOnly,
    cursorBlink: false,
    macOptionIsMeta: true,
    minimumContrastRatio: 4.5,
    screenReaderMode: false,
    // a link's text can say anything: where it goes is shown before one goes there
    linkHandler: { activate: (_event, url) => visit(url, true), allowNonHttpProtocols: false },
  });
  const fit = new FitAddon();
  const search = new SearchAddon();
  terminal.loadAddon(fit);
  terminal.loadAddon(search);
  terminal.loadAddon(new UnicodeGraphemesAddon());
  terminal.loadAddon(new WebLinksAddon((_event, url) => visit(url, false)));
  terminal.open(parent);
  if (options.accelerated) accelerate(terminal);
  terminal.parser.registerOscHandler(52, (data) => {
    const text = clipboardText(data);
    if (text !== null) options.onCopyRequest(text);
    return true; // never answered: what is on the clipboard is nobody's business
  });
  const fits = () => {
    const { cols, rows } = fit.proposeDimensions() ?? { cols: 80, rows: 24 };
    return { cols, rows: Math.max(rows, leastRows) };
  };
  return { terminal, fits, search };
}

function accelerate(terminal: Terminal): void {
  try {
    const webgl = new WebglAddon();
    webgl.onContextLoss(() => webgl.dispose());
    terminal.loadAddon(webgl);
  } catch {
    // a browser without WebGL draws it by itself
  }
}

function visit(text: string, ask: boolean): void {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return;
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return;
  if (ask && !confirm(`Open this address?\n\n${url.href}`)) return;
  window.open(url.href, '_blank', 'noopener,noreferrer');
}

/** `c;<base64>`; a question (`?`) is none. */
function clipboardText(data: string): string | null {
  const encoded = data.slice(data.indexOf(';') + 1);
  if (encoded === '?' || encoded.length > 1_000_000) return null;
  try {
    return new TextDecoder().decode(Uint8Array.from(atob(encoded), (char) => char.charCodeAt(0)));
  } catch {
    return null;
  }
}
