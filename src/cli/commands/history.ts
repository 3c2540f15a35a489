import { type Command, InvalidArgumentError } from 'commander';

const defaultLast = 20;

/** The reading itself is loaded when it is needed: every command's start would pay for it. */
export function addHistory(program: Command): void {
  program
    .command('history')
    .argument('[target]', 'a session, a folder or a session id; this folder by default')
    .description('read a conversation: what was asked, what was done, what was answered')
    .option('-n, --last <count>', `the last so many turns (${defaultLast})`, count, defaultLast)
    .option('-a, --all', 'every turn')
    .option('-t, --tools', 'what each tool was given and gave back')
    .option('--raw', 'nothing left out: long results whole, secrets as they are')
    .option('-f, --follow', 'go on with what comes, until Ctrl-C or the end of the session')
    .option('--list', 'the conversations there are, the last one first (of one folder, or of all)')
    .option('--no-pager', 'straight to the terminal')
    .option('--json', 'print JSON; with --follow a turn a line')
    .addHelpText(
      'after',
      '\nExamples:\n  claudex history api\n  claudex history -n 3 --tools\n  claudex history api@devbox           (on another machine of the mesh)\n  claudex history --follow api\n  claudex history --list /work/api\n  claudex history 0b9d9f9e --all --json | jq -r .[].prompt',
    )
    .action(async (target, options) =>
      (await import('../conversations/show-conversation.ts')).showHistory(target, options),
    );
  program
    .command('show')
    .argument('<target>', 'a session, a folder or a session id')
    .argument('<turn>', 'its number as history gives it; -1 is the last', wholeNumber)
    .description('one turn of a conversation, with its tools')
    .option('--raw', 'nothing left out: long results whole, secrets as they are')
    .option('--no-pager', 'straight to the terminal')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  claudex show api 12\n  claudex show api@devbox -1\n  claudex show . -1 --raw')
    .action(async (target: string, turn: number, options) =>
      (await import('../conversations/show-conversation.ts')).showTurn(target, turn, options),
    );
}

function count(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}

function wholeNumber(text: string): number {
  if (!/^-?\d{1,9}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}
