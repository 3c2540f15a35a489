/** What claude's sixteen colours look like here: the page's own, so that a terminal does not look like a hole in it. */
import type { ITheme } from '@xterm/xterm';

const dark: ITheme = {
  background: '#161513',
  foreground: '#ece9e4',
  cursor: '#d97757',
  cursorAccent: '#161513',
  selectionBackground: '#5b4a40',
  black: '#2b2926',
  red: '#e5786d',
  green: '#8fc795',
  yellow: '#e3b869',
  blue: '#84aee0',
  magenta: '#c99bd6',
  cyan: '#7fc4c4',
  white: '#d8d4cc',
  brightBlack: '#8c877e',
  brightRed: '#f0938a',
  brightGreen: '#a8dbad',
  brightYellow: '#f1cd8a',
  brightBlue: '#a3c5ee',
  brightMagenta: '#dcb6e6',
  brightCyan: '#9bdada',
  brightWhite: '#faf9f5',
};

const light: ITheme = {
  background: '#ffffff',
  foreground: '#262521',
  cursor: '#b0522f',
  cursorAccent: '#ffffff',
  selectionBackground: '#f0d9cd',
  black: '#262521',
  red: '#b3372b',
  green: '#2f7a3a',
  yellow: '#8a6100',
  blue: '#2a62a6',
  magenta: '#86479a',
  cyan: '#1d7474',
  white: '#6d6a63',
  brightBlack: '#77736b',
  brightRed: '#c8493c',
  brightGreen: '#3b8c47',
  brightYellow: '#9a6d00',
  brightBlue: '#3873bb',
  brightMagenta: '#9757ab',
  brightCyan: '#2a8585',
  brightWhite: '#45433e',
};

export function terminalTheme(isDark: boolean): ITheme {
  return isDark ? dark : light;
}
