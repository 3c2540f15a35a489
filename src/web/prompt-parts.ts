/** A prompt as a person wrote it, apart from what claude wrote around it and the line by which claudex proves that it has arrived. */
import { promptWords } from '../claude/transcript/prompt-words.ts';

/** `from`: who has sent it, in the words of that line; empty where there is none, or more than one message. */
export function promptParts(prompt: string): { from: string; text: string } {
  const words = promptWords(prompt);
  const lines = words.split('\n');
  const marked = lines.filter((line) => /^\[claudex m[a-z0-9]{15} from /.test(line));
  const [first, last] = [lines[0]!, lines[lines.length - 1]!];
  const [line] = marked;
  if (marked.length !== 1 || (line !== first && line !== last)) return { from: '', text: words };
  const from = /^\[claudex m[a-z0-9]{15} from (.*)\]$/.exec(line!)?.[1];
  if (from === undefined) return { from: '', text: words };
  const rest = line === last ? lines.slice(0, -1) : lines.slice(1);
  return { from, text: rest.join('\n') };
}
