/** Where a message's text comes from: the arguments, a file, or standard input. */
import { readFileSync } from 'node:fs';
import { text as readAll } from 'node:stream/consumers';
import { ClaudexError, systemErrorCode } from '../errors.ts';

/**
 * @param words the message arguments; a lone `-` means standard input
 * @throws ClaudexError USAGE for more than one source or an unreadable file, EMPTY_MESSAGE for none
 */
export async function readMessage(words: readonly string[], file: string | undefined): Promise<string> {
  const isDash = words.length === 1 && words[0] === '-';
  if (file !== undefined && words.length > 0 && !isDash) {
    throw new ClaudexError('USAGE', 'The message is given both as arguments and with --file.');
  }
  if (file !== undefined && file !== '-') return readFile(file);
  if (words.length > 0 && !isDash) return words.join(' ');
  if (process.stdin.isTTY && !isDash && file === undefined) throw new ClaudexError('EMPTY_MESSAGE');
  return readAll(process.stdin);
}

function readFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new ClaudexError('USAGE', `${path} cannot be read (${systemErrorCode(cause) ?? cause}).`, { cause });
  }
}
