/**
 * The command line of `claude -p` taken apart (options.ts): what is fixed when
 * claude starts, what only shapes the output, what needs a process of its own.
 */
import { optionIn, valueWords } from './options.ts';
import type { OutputFormat } from './print-output.ts';

export interface PrintInvocation {
  /** Fixed at the start: passed on as they are. */
  args: string[];
  prompt: string | undefined;
  format: OutputFormat;
  verbose: boolean;
  maxTurns: string | undefined;
  /** The word that a warm process cannot honour as `claude -p` does, and why; undefined when there is none. */
  cold: string | undefined;
}

const formats: readonly string[] = ['text', 'json', 'stream-json'];

/** Takes the words after `claudex prompt` apart. Never throws: what is not known makes it `cold`. */
export function parsePrintArguments(words: readonly string[]): PrintInvocation {
  const parsed: PrintInvocation = {
    args: [],
    prompt: undefined,
    format: 'text',
    verbose: false,
    maxTurns: undefined,
    cold: undefined,
  };
  const takePrompt = (word: string): void => {
    // claude takes the first and leaves the rest
    parsed.prompt ??= word;
  };
  for (let index = 0; index < words.length; index++) {
    const word = words[index]!;
    if (word === '--') {
      for (const rest of words.slice(index + 1)) takePrompt(rest);
      break;
    }
    if (!word.startsWith('-') || word === '-') {
      takePrompt(word);
      continue;
    }
    const found = optionIn(word);
    const end = index + valueWords(words, index);
    if (!found?.option.warm || (found.option.values === 0 && found.inline !== undefined)) {
      parsed.cold ??= found?.name ?? word.split('=')[0]!;
    } else if (found.option.values === 1) {
      const value = found.inline ?? words[end];
      if (value === undefined) parsed.cold ??= `${found.name} without a value`;
      else takeValue(parsed, found.name, value);
    } else if (found.option.warm === 'start') parsed.args.push(...words.slice(index, end + 1));
    else if (found.name === '--verbose') parsed.verbose = true;
    index = end;
  }
  if (parsed.format === 'stream-json' && !parsed.verbose)
    parsed.cold ??= '--output-format stream-json without --verbose';
  return parsed;
}

function takeValue(parsed: PrintInvocation, name: string, value: string): void {
  if (name === '--output-format') {
    if (formats.includes(value)) parsed.format = value as OutputFormat;
    else parsed.cold ??= `--output-format ${value}`;
  } else if (name === '--input-format') {
    if (value !== 'text') parsed.cold ??= `--input-format ${value}`;
  } else {
    if (name === '--max-turns') parsed.maxTurns = value;
    parsed.args.push(`${name}=${value}`);
  }
}
