/** What was said last in each conversation: read again when its file has grown, and only of those that are looked at. */
import { statSync } from 'node:fs';
import { type LastWord, lastWords } from '../claude/transcript/last-words.ts';
import { safeLine, safeText } from './safe-text.ts';

/** More of one text is not shown. */
const maxChars = 20_000;

interface End {
  bytes: number;
  said: string;
  words: LastWord[];
}

const nothing: End = { bytes: 0, said: '', words: [] };

export class ConversationEnds {
  readonly #ends = new Map<string, End>();

  /** In one line. */
  said(path: string | null): string {
    return (path === null ? undefined : this.#ends.get(path))?.said ?? '';
  }

  /** The last prompts, answers and tools, the oldest first. */
  words(path: string | null): readonly LastWord[] {
    return (path === null ? undefined : this.#ends.get(path))?.words ?? [];
  }

  /** Looks whether it has grown. @returns true when something else was said last */
  look(path: string): boolean {
    const bytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    const before = this.#ends.get(path) ?? nothing;
    if (bytes === before.bytes) return false;
    const words = bytes === 0 ? [] : lastWords(path, bytes).map(({ who, text }) => ({ who, text: safe(text) }));
    this.#ends.set(path, { bytes, said: saidLast(words), words });
    return true;
  }

  /** Forgets every other one. */
  keepOnly(paths: ReadonlySet<string>): void {
    for (const path of this.#ends.keys()) if (!paths.has(path)) this.#ends.delete(path);
  }
}

function safe(text: string): string {
  return safeText(text.length > maxChars ? `${text.slice(0, maxChars)}…` : text);
}

/** The last line of claude's last word, or the tool that it has called since; while it has said nothing, what it was asked. */
function saidLast(words: readonly LastWord[]): string {
  const last = words.findLast(({ who }) => who !== 'person') ?? words.at(-1);
  if (!last) return '';
  const lines = last.text.split('\n').filter((line) => line.trim() !== '');
  const line = safeLine((last.who === 'claude' ? lines.at(-1) : lines[0]) ?? '').trim();
  return last.who === 'person' ? `❯ ${line}` : line;
}
