/**
 * Claude's options, the one table of them: `--help` of 2.1.197 and 2.1.332, and what the CLI reference has beyond it.
 * `test/e2e/claude-facts.test.ts` holds it against the `--help` of the claude under test.
 */

export interface ClaudeOption {
  /**
   * How many of the words after it are its value. `optional`: the next one unless that looks like an option, whatever else it
   * means (`--debug mcp` opens a session). `many`: all up to the next that looks like an option.
   */
  values: 0 | 1 | 'optional' | 'many';
  /**
   * For `claude -p` by a warm process. `start`: fixed when claude starts, so a process started with it can be kept.
   * `shape`: only shapes what `-p` prints. Without: a request with it needs a process of its own.
   */
  warm?: 'start' | 'shape';
  /** Its value may name a file, or a folder of files, that claude reads when it starts. */
  file?: true;
  /** With it claude prints and ends, or goes to the background: it shows no prompt box. */
  prints?: true;
}

const start = (values: ClaudeOption['values'], more: Partial<ClaudeOption> = {}): ClaudeOption => {
  return { values, warm: 'start', ...more };
};
const prints: ClaudeOption = { values: 0, prints: true };
const file = { file: true } as const;

const options: Record<string, ClaudeOption> = {
  '--add-dir': start('many'),
  '--agent': start(1),
  '--agents': start(1, file),
  '--allow-dangerously-skip-permissions': start(0),
  '--allowed-tools': start('many'),
  '--allowedTools': start('many'),
  '--append-system-prompt': start(1),
  '--append-system-prompt-file': start(1, file),
  '--autocompact': { values: 1 },
  '--ax-screen-reader': { values: 0 },
  '--background': prints,
  '--bare': start(0),
  '--betas': start('many'),
  '--bg': prints,
  '--brief': { values: 0 },
  '--chrome': { values: 0 },
  '--cloud': { values: 'optional' },
  '--continue': { values: 0 },
  '--dangerously-skip-permissions': start(0),
  '--debug': { values: 'optional' },
  '--debug-file': { values: 1 },
  '--desktop': { values: 0 },
  '--disable-slash-commands': start(0),
  '--disallowed-tools': start('many'),
  '--disallowedTools': start('many'),
  '--effort': start(1),
  '--environment': { values: 1 },
  '--exclude-dynamic-system-prompt-sections': start(0),
  '--fallback-model': start(1),
  '--file': { values: 'many' },
  '--fork-session': { values: 0 },
  '--forward-subagent-text': { values: 0 },
  '--from-pr': { values: 'optional' },
  '--help': prints,
  '--ide': { values: 0 },
  '--include-hook-events': start(0),
  '--include-partial-messages': start(0),
  '--input-format': { values: 1, warm: 'shape' },
  '--json-schema': start(1),
  '--max-budget-usd': { values: 1 },
  '--max-turns': start(1),
  '--mcp-config': start('many', file),
  '--model': start(1),
  '--name': { values: 1 },
  '--no-chrome': start(0),
  '--no-session-persistence': start(0),
  '--output-format': { values: 1, warm: 'shape' },
  '--permission-mode': start(1),
  '--permission-prompt-tool': { values: 1 },
  '--permission-prompts': start(1),
  '--plugin-dir': start(1, file),
  '--plugin-url': start(1),
  '--print': { values: 0, warm: 'shape', prints: true },
  '--prompt-suggestions': { values: 'optional' },
  '--remote-control': { values: 'optional' },
  '--remote-control-session-name-prefix': { values: 1 },
  '--replay-user-messages': { values: 0 },
  '--restricted': start(0),
  '--resume': { values: 'optional' },
  '--safe-mode': start(0),
  '--session-id': { values: 1 },
  '--setting-sources': start(1),
  '--settings': start(1, file),
  '--strict-mcp-config': start(0),
  '--system-prompt': start(1),
  '--system-prompt-file': start(1, file),
  '--system-prompt-snapshot': start(1),
  '--teleport': { values: 'optional' },
  '--tmux': { values: 0 },
  '--tools': start('many'),
  '--verbose': { values: 0, warm: 'shape' },
  '--version': prints,
  '--worktree': { values: 'optional' },
};

const shortFor: Record<string, string> = {
  '-c': '--continue',
  '-d': '--debug',
  '-h': '--help',
  '-n': '--name',
  '-p': '--print',
  '-r': '--resume',
  '-v': '--version',
  '-w': '--worktree',
};

/** All of them by name, the short names too. */
export const claudeOptions: ReadonlyMap<string, ClaudeOption> = new Map([
  ...Object.entries(options),
  ...Object.entries(shortFor).map(([short, long]) => [short, options[long]!] as const),
]);

/** The option that a word is, and the value that stands in it (`--model=opus`); undefined for a word that is none we know. */
export function optionIn(word: string): { name: string; option: ClaudeOption; inline: string | undefined } | undefined {
  const equals = word.startsWith('--') ? word.indexOf('=') : -1;
  const name = equals === -1 ? word : word.slice(0, equals);
  const option = claudeOptions.get(name);
  return option && { name, option, inline: equals === -1 ? undefined : word.slice(equals + 1) };
}

/** How many words after the one at `index` are the value of the option there. */
export function valueWords(args: readonly string[], index: number): number {
  const found = optionIn(args[index]!);
  if (!found || found.inline !== undefined || found.option.values === 0) return 0;
  if (found.option.values === 1) return 1;
  const rest = args.slice(index + 1);
  const next = rest.findIndex((word) => word.startsWith('-'));
  const plain = next === -1 ? rest.length : next;
  return found.option.values === 'many' ? plain : Math.min(1, plain);
}
