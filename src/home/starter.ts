/** How the installed hooks start the daemon when none runs: a file beside them that names Node and claudex, a line each. */
import { existsSync, readFileSync } from 'node:fs';
import { stableEntryPoint } from './package.ts';
import { replaceFile } from './replace-file.ts';

/** What the file says when this claudex writes it. */
function starterText(): string {
  return `${process.execPath}\n${stableEntryPoint()}\n`;
}

/** What the file says; undefined when there is none. */
function readStarter(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined; // not installed
  }
}

/** True when the file names this Node and this claudex. */
export function isOwnStarter(path: string): boolean {
  return readStarter(path) === starterText();
}

/** True when there is a file and what it names is there. */
export function isStarterUsable(path: string): boolean {
  const [node, claudex] = readStarter(path)?.split('\n') ?? [];
  return node !== undefined && claudex !== undefined && existsSync(node) && existsSync(claudex);
}

/** Makes the file name this Node and this claudex. */
export function writeStarter(path: string): void {
  if (!isOwnStarter(path)) replaceFile(path, starterText(), { mode: 0o600 });
}

/** The same where claudex is installed: what started last, works. It may fail: hooks then start what they did before. */
export function refreshStarter(path: string): void {
  if (readStarter(path) === undefined) return;
  try {
    writeStarter(path);
  } catch {
    // a full disk
  }
}
