/** Which of claude's own command lines open an interactive session (docs: CLI reference). Everything else is handed over as it is. */

/** Options of claude that take a value as the next word; needed to find its first positional word. */
export const optionsWithValue = new Set([
  '--add-dir',
  '--agent',
  '--agents',
  '--allowedTools',
  '--allowed-tools',
  '--append-system-prompt',
  '--append-system-prompt-file',
  '--betas',
  '--debug-file',
  '--disallowedTools',
  '--disallowed-tools',
  '--effort',
  '--fallback-model',
  '--file',
  '--from-pr',
  '--input-format',
  '--json-schema',
  '--max-budget-usd',
  '--max-turns',
  '--mcp-config',
  '--model',
  '--name',
  '-n',
  '--output-format',
  '--permission-mode',
  '--permission-prompt-tool',
  '--plugin-dir',
  '--session-id',
  '--setting-sources',
  '--settings',
  '--system-prompt',
  '--system-prompt-file',
  '--tools',
]);

/** Claude's own subcommands; they run, print and end. */
const subcommands = new Set([
  'agents',
  'attach',
  'auth',
  'auto-mode',
  'config',
  'daemon',
  'doctor',
  'install',
  'kill',
  'logs',
  'mcp',
  'plugin',
  'plugins',
  'project',
  'remote-control',
  'respawn',
  'rm',
  'setup-token',
  'stop',
  'ultrareview',
  'update',
  'upgrade',
]);

const printingFlags = new Set(['-p', '--print', '-v', '--version', '-h', '--help', '--bg', '--background']);

/** True when claude, given these words on a terminal, shows its prompt box. */
export function opensSession(args: readonly string[]): boolean {
  for (let index = 0; index < args.length; index++) {
    const word = args[index]!;
    if (word === '--') return true;
    if (printingFlags.has(word)) return false;
    if (!word.startsWith('-')) return hasNoPrintingFlag(args.slice(index + 1)) && !subcommands.has(word);
    if (optionsWithValue.has(word)) index++;
  }
  return true;
}

function hasNoPrintingFlag(rest: readonly string[]): boolean {
  const end = rest.indexOf('--');
  return !(end === -1 ? rest : rest.slice(0, end)).some((word) => printingFlags.has(word));
}
