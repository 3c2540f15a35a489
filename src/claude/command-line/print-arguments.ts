/**
 * The command line of `claude -p` taken apart (docs: CLI reference; `--help` of 2.1.197 and 2.1.330): what is fixed when
 * claude starts, what only shapes the output, what needs a process of its own.
 */
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

/** One value each. */
const withValue: ReadonlySet<string> = new Set([
  '--agent',
  '--agents',
  '--append-system-prompt',
  '--append-system-prompt-file',
  '--effort',
  '--fallback-model',
  '--json-schema',
  '--max-turns',
  '--model',
  '--permission-mode',
  '--permission-prompts',
  '--plugin-dir',
  '--plugin-url',
  '--setting-sources',
  '--settings',
  '--system-prompt',
  '--system-prompt-file',
  '--system-prompt-snapshot',
]);

/** As many values as follow. */
const withValues: ReadonlySet<string> = new Set([
  '--add-dir',
  '--allowedTools',
  '--allowed-tools',
  '--betas',
  '--disallowedTools',
  '--disallowed-tools',
  '--mcp-config',
  '--tools',
]);

const withoutValue: ReadonlySet<string> = new Set([
  '--allow-dangerously-skip-permissions',
  '--bare',
  '--dangerously-skip-permissions',
  '--disable-slash-commands',
  '--exclude-dynamic-system-prompt-sections',
  '--include-hook-events',
  '--include-partial-messages',
  '--no-chrome',
  '--no-session-persistence',
  '--restricted',
  '--safe-mode',
  '--strict-mcp-config',
]);

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
    const equals = word.indexOf('=');
    const name = equals === -1 ? word : word.slice(0, equals);
    const inline = equals === -1 ? undefined : word.slice(equals + 1);
    if (word === '-p' || word === '--print') continue;
    if (word === '--verbose') parsed.verbose = true;
    else if (withoutValue.has(word)) parsed.args.push(word);
    else if (withValues.has(name)) {
      parsed.args.push(word);
      while (inline === undefined && index + 1 < words.length && !words[index + 1]!.startsWith('-')) {
        parsed.args.push(words[++index]!);
      }
    } else if (withValue.has(name) || name === '--output-format' || name === '--input-format') {
      const value = inline ?? words[++index];
      if (value === undefined) parsed.cold ??= `${name} without a value`;
      else takeValue(parsed, name, value);
    } else parsed.cold ??= name;
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
