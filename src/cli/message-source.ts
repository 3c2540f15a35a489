/** Where a message's text comes from: the arguments, a file, or standard input. */
import { readFileSync } from 'node:fs';
import { ClaudexError, systemErrorCode } from '../errors/claudex-error.ts';
import { maxBodyBytes } from '../protocol/message.ts';

/**
 * @param words the message arguments; a lone `-` means standard input
 * @throws ClaudexError USAGE for more than one source, FILE_UNREADABLE, EMPTY_MESSAGE for none, MESSAGE_TOO_LARGE
 */
export async function readMessage(words: readonly string[], file: string | undefined): Promise<string> {
  const isDash = words.length === 1 && words[0] === '-';
  if (file !== undefined && words.length > 0 && !isDash) {
    throw new ClaudexError('USAGE', 'The message is given both as arguments and with --file.');
  }
  if (file !== undefined && file !== '-') return textOf([readFile(file)]);
  if (words.length > 0 && !isDash) return words.join(' ');
  if (process.stdin.isTTY && !isDash && file === undefined) throw new ClaudexError('EMPTY_MESSAGE');
  return textOf(process.stdin);
}

/** Counted as it comes: it may have no end. */
async function textOf(chunks: AsyncIterable<Buffer> | Iterable<Buffer>): Promise<string> {
  const taken: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > maxBodyBytes) throw new ClaudexError('MESSAGE_TOO_LARGE', `It has more than ${maxBodyBytes} bytes.`);
    taken.push(chunk);
  }
  return new TextDecoder().decode(Buffer.concat(taken));
}

function readFile(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new ClaudexError('FILE_UNREADABLE', `${path} (${systemErrorCode(cause) ?? cause}).`, { cause });
  }
}
