/** Which of claude's own command lines open an interactive session (docs: CLI reference). Everything else is handed over as it is. */
import { optionIn, valueWords } from './options.ts';

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

/** True when claude, given these words on a terminal, shows its prompt box. */
export function opensSession(args: readonly string[]): boolean {
  for (let index = 0; index < args.length; index++) {
    const word = args[index]!;
    if (word === '--') return true;
    if (prints(word)) return false;
    if (!word.startsWith('-')) return hasNoPrintingFlag(args.slice(index + 1)) && !subcommands.has(word);
    index += valueWords(args, index);
  }
  return true;
}

/** The session id that `--resume` names, where claude goes on with that very conversation; undefined for none. */
export function resumedSessionId(args: readonly string[]): string | undefined {
  const end = args.indexOf('--');
  const words = end === -1 ? args : args.slice(0, end);
  if (words.includes('--fork-session')) return undefined;
  const index = words.findLastIndex((word) => /^(--resume|-r)(=|$)/.test(word));
  const id = words[index]?.split('=')[1] ?? words[index + 1];
  return index >= 0 && id !== undefined && /^[0-9a-f]{8}-[0-9a-f-]{27}$/i.test(id) ? id : undefined;
}

function hasNoPrintingFlag(rest: readonly string[]): boolean {
  const end = rest.indexOf('--');
  return !(end === -1 ? rest : rest.slice(0, end)).some(prints);
}

function prints(word: string): boolean {
  const found = optionIn(word);
  return found?.option.prints === true && found.inline === undefined;
}
