import { type Command, InvalidArgumentError } from 'commander';

/** The searching itself is loaded when it is needed: every command's start would pay for it. */
export function addSearch(program: Command): void {
  program
    .command('search')
    .argument('[target]', 'a session or a session id: its conversation; a folder: every conversation in it')
    .argument('[words...]', 'what to search for')
    .description('search conversations: prompts, answers, tools and what they gave back')
    .option('--all', 'every conversation on this machine, the last one first')
    .option('--machine <name>', 'on that machine of the mesh, where it allows that')
    .option('--mesh', 'every conversation of every machine that allows it as well (with --all)')
    .option('-E, --regex', 'the words are a regular expression (JavaScript)')
    .option('-i, --ignore-case', 'upper and lower case are the same')
    .option('-C, --context <count>', 'show so many lines before and after', wholeNumber, 0)
    .option('-m, --max <count>', 'stop after so many hits', wholeNumber, 1000)
    .option('--raw', 'secrets as they are')
    .option('--no-pager', 'straight to the terminal')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExit code 0: found; 7: nothing found.\n\nExamples:\n  claudex search api "migration check"\n  claudex search . -i -C 2 timeout\n  claudex search --all --regex "ECONN(RESET|REFUSED)"\n  claudex search api@devbox timeout\n  claudex search --all --mesh "migration check"',
    )
    .action(async (target, words, options) =>
      (await import('../conversations/search-conversations.ts')).search(target, words, options),
    );
}

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}
