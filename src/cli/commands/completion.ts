import type { Command } from 'commander';
import { connectDaemon } from '../../daemon-client/ensure-daemon.ts';
import { ownCommands } from '../start/own-commands.ts';

export function addCompletion(program: Command): void {
  program
    .command('completion')
    .argument('<shell>', 'bash, zsh or fish')
    .description('print a completion script for your shell')
    .addHelpText(
      'after',
      '\nExamples:\n  source <(claudex completion bash)\n  claudex completion fish > ~/.config/fish/completions/claudex.fish',
    )
    .action(async (shell: string, _options: unknown, command: Command) => {
      // what the scripts ask for
      if (shell === 'targets') return printTargets();
      if (!Object.hasOwn(scripts, shell)) command.error(`error: unknown shell "${shell}"; use bash, zsh or fish`);
      process.stdout.write(scripts[shell]!);
    });
}

const words = ownCommands.join(' ');
/** Commands whose next word is a session. */
const targetCommands = 'send ask inbox history search show name';
const names = 'claudex completion targets 2>/dev/null';

/** The live sessions' ids and names, one a line. Pressing Tab starts no daemon. */
async function printTargets(): Promise<void> {
  const client = await connectDaemon(process.env);
  const sessions = (await client?.sessions()) ?? [];
  const words = sessions.flatMap((one) => [one.alias, one.claudeName, one.name, one.id]);
  // a shell would take a name with a space in it for two words, and others for worse
  const safe = words.filter((word) => word !== null && /^[\w.@%+=:,-]+$/.test(word));
  for (const word of new Set(safe)) process.stdout.write(`${word}\n`);
}

const scripts: Record<string, string> = {
  bash: `_claudex() {
  local word=\${COMP_WORDS[COMP_CWORD]}
  if [ "$COMP_CWORD" -eq 1 ]; then COMPREPLY=($(compgen -W "${words}" -- "$word"))
  elif [ "$COMP_CWORD" -eq 2 ] && [[ " ${targetCommands} " == *" \${COMP_WORDS[1]} "* ]]; then
    COMPREPLY=($(compgen -W "$(${names})" -- "$word"))
  fi
}
complete -o default -F _claudex claudex
`,
  zsh: `#compdef claudex
_claudex() {
  if (( CURRENT == 2 )); then compadd ${words}
  elif (( CURRENT == 3 )) && [[ " ${targetCommands} " == *" \${words[2]} "* ]]; then compadd -- $(${names})
  else _files
  fi
}
if [[ $funcstack[1] == _claudex ]]; then _claudex "$@"
else compdef _claudex claudex
fi
`,
  fish: `complete -c claudex -n '__fish_is_first_token' -f -a '${words}'
complete -c claudex -n '__fish_seen_subcommand_from ${targetCommands}; and test (count (commandline -opc)) -eq 2' -f -a "(${names})"
`,
};
