import type { Command } from 'commander';
import { connectDaemon } from '../../daemon-client/ensure-daemon.ts';
import { everySession } from '../../daemon-client/every-session.ts';
import { listMachines } from '../../far/machines.ts';
import { machineNames as namesInMesh, remoteSessions } from '../../mesh/remote-sessions.ts';
import { settingDefinitions } from '../../settings/definitions.ts';
import { farCommands } from '../far/go-where-asked.ts';
import { ownCommands } from '../start/own-commands.ts';

export function addCompletion(program: Command): void {
  program
    .command('completion')
    .argument('<shell>', 'bash, zsh or fish')
    .argument('[typed...]')
    .description('print a completion script for your shell')
    .addHelpText(
      'after',
      '\nExamples:\n  source <(claudex completion bash)\n  claudex completion fish > ~/.config/fish/completions/claudex.fish',
    )
    .action(async (shell: string, typed: string[], _options: unknown, command: Command) => {
      // what the scripts ask for: the words that may stand in the place of the last one
      if (shell === 'words') {
        for (const word of await candidates(program, typed)) process.stdout.write(`${word}\n`);
        return;
      }
      if (!Object.hasOwn(scripts, shell)) command.error(`error: unknown shell "${shell}"; use bash, zsh or fish`);
      process.stdout.write(scripts[shell]!);
    });
}

/** Commands whose next word is a session. */
const targetCommands = [
  'send',
  'ask',
  'inbox',
  'history',
  'search',
  'usage',
  'show',
  'name',
  'waiting',
  'approve',
  'deny',
  'answer',
  'attach',
  'peek',
  'detach',
  'stop',
  'restart',
];

/** Those whose next word is a session that does not run. */
const absentCommands = ['resume', 'forget'];

/** Those that reach a session of another machine of the mesh, as `name@machine`. */
const acrossCommands = ['send', 'ask', 'history', 'search', 'show', 'waiting', 'approve', 'deny', 'answer', 'peek'];

/** @param typed the words behind `claudex`, the one that is being typed included; it is for the shell to filter by */
async function candidates(program: Command, typed: readonly string[], { isFar = false } = {}): Promise<string[]> {
  // whoever presses Tab waits for no other machine
  const targets = async (): Promise<string[]> => (isFar ? [] : liveTargets());
  const before = typed.slice(0, -1);
  const current = typed.at(-1) ?? '';
  if (before.length === 0) return [...ownCommands];
  if (before[0] === '--host') {
    if (before.length === 1) return machineNames();
    return before.length === 2 ? [...farCommands] : candidates(program, typed.slice(2), { isFar: true });
  }
  if (before[0] === 'host' && before[1] === 'remove') return before.length === 2 ? machineNames() : [];
  if (before.includes('--')) return [];
  const command = program.commands.find((one) => one.name() === before[0]);
  if (before[0] === 'help') return before.length === 1 ? namesBelow(program) : [];
  if (!command) return []; // claude's
  const below = command.commands.find((one) => one.name() === before[1]);
  const leaf = below ?? command;
  const choices = leaf.options.find((one) => [one.long, one.short].includes(before.at(-1)))?.argChoices;
  if (choices) return choices;
  if (before.at(-1) === '--machine') return meshMachines();
  if (current.startsWith('-')) return [...leaf.options.map((one) => one.long ?? one.short ?? ''), '--help'];
  if (before.at(-1) === '--to') return [...(await targets()), ...(isFar ? [] : targetsElsewhere())];
  const plain = before.filter((word) => !word.startsWith('-'));
  const place = plain.length - (below ? 1 : 0);
  if (command.name() === 'config' && below && place === 1) return settingDefinitions.map((one) => one.key);
  if (place !== 1) return [];
  if (command.name() === 'mesh' && ['trust', 'untrust'].includes(below?.name() ?? '')) return meshMachines();
  const isAcross = !isFar && acrossCommands.includes(command.name());
  const takesTarget = targetCommands.includes(command.name()) && (!below || below.name() === 'list');
  return [
    ...(below ? [] : namesBelow(command)),
    ...(takesTarget ? await targets() : []),
    ...(!isFar && absentCommands.includes(command.name()) ? await absentTargets() : []),
    ...(isAcross ? targetsElsewhere() : []),
  ];
}

function namesBelow(command: Command): string[] {
  if (command.commands.length === 0) return [];
  return command
    .createHelp()
    .visibleCommands(command)
    .map((one) => one.name());
}

function machineNames(): string[] {
  return listMachines(process.env).map(({ name }) => name);
}

function meshMachines(): string[] {
  return namesInMesh(process.env)?.others ?? [];
}

/** What the bridge has last seen: asks nobody. */
function targetsElsewhere(): string[] {
  return safeWords(remoteSessions(process.env).map((one) => `${one.alias ?? one.name}@${one.machine}`));
}

/** Managed sessions that do not run. */
async function absentTargets(): Promise<string[]> {
  const client = await connectDaemon(process.env);
  const absent = client ? (await everySession(client)).filter(({ pid }) => pid === null) : [];
  return safeWords(absent.flatMap((one) => [one.alias, one.name, one.id]));
}

/** The live sessions' ids and names. Pressing Tab starts no daemon. */
async function liveTargets(): Promise<string[]> {
  const client = await connectDaemon(process.env);
  const sessions = (await client?.sessions()) ?? [];
  return safeWords(sessions.flatMap((one) => [one.alias, one.claudeName, one.name, one.id]));
}

function safeWords(words: ReadonlyArray<string | null>): string[] {
  // a shell would take a name with a space in it for two words, and others for worse
  const safe = words.filter((word): word is string => word !== null && /^[\w.@%+=:,-]+$/.test(word));
  return [...new Set(safe)];
}

const words = ownCommands.join(' ');

const scripts: Record<string, string> = {
  bash: `_claudex() {
  local found word last= at
  local -a typed=()
  # bash takes api@devbox for three words
  for ((at = 1; at <= COMP_CWORD; at++)); do
    word=\${COMP_WORDS[at]}
    if ((\${#typed[@]})) && [[ $word == [@:=]* || $last == *[@:=] ]]; then typed[\${#typed[@]}-1]+=$word
    else typed+=("$word")
    fi
    last=$word
  done
  word=\${typed[\${#typed[@]}-1]}
  if [ "\${#typed[@]}" -eq 1 ]; then found='${words}'
  else found=$(claudex completion words -- "\${typed[@]}" 2>/dev/null)
  fi
  COMPREPLY=($(compgen -W "$found" -- "$word"))
  # and puts in what stands behind the last @
  COMPREPLY=("\${COMPREPLY[@]#"\${word%"\${word##*[@:=]}"}"}")
}
complete -o default -F _claudex claudex
`,
  zsh: `#compdef claudex
_claudex() {
  local -a found
  if (( CURRENT == 2 )); then compadd ${words}
  else
    found=(\${(f)"$(claudex completion words -- "\${(@)words[2,CURRENT]}" 2>/dev/null)"})
    if (( \${#found} )); then compadd -a found
    else _files
    fi
  fi
}
if [[ $funcstack[1] == _claudex ]]; then _claudex "$@"
else compdef _claudex claudex
fi
`,
  fish: `complete -c claudex -n '__fish_is_first_token' -f -a '${words}'
complete -c claudex -n 'not __fish_is_first_token' -a "(claudex completion words -- (commandline -opc)[2..-1] (commandline -ct) 2>/dev/null)"
`,
};
