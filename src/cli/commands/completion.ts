import { type Command, Option } from 'commander';
import { ownCommands } from '../own-commands.ts';

export function addCompletion(program: Command): void {
  program
    .command('completion')
    .argument('<shell>', 'bash, zsh or fish')
    .description('print a completion script for your shell')
    .addOption(new Option('--words', 'print the words it completes').hideHelp())
    .addHelpText(
      'after',
      '\nExamples:\n  source <(claudex completion bash)\n  claudex completion fish > ~/.config/fish/completions/claudex.fish',
    )
    .action((shell: string, _options: unknown, command: Command) => {
      const script = scripts[shell];
      if (script === undefined) command.error(`error: unknown shell "${shell}"; use bash, zsh or fish`);
      process.stdout.write(script);
    });
}

const words = ownCommands.join(' ');
/** Commands whose next word is a session; `claudex list` is asked for the names. */
const targetCommands = 'send ask inbox';
const names = `claudex list --json 2>/dev/null | sed -n 's/^    "\\(id\\|name\\)": "\\(.*\\)",$/\\2/p'`;

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
compdef _claudex claudex
`,
  fish: `complete -c claudex -n '__fish_is_first_token' -f -a '${words}'
complete -c claudex -n '__fish_seen_subcommand_from ${targetCommands}; and test (count (commandline -opc)) -eq 2' -f -a "(${names})"
`,
};
