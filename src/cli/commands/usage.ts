import type { Command } from 'commander';

/** The reading itself is loaded when it is needed: every command's start would pay for it. */
export function addUsage(program: Command): void {
  program
    .command('usage')
    .argument('[target]', 'a session, a session id or a folder: its conversation, turn by turn')
    .description('tokens by session and day, and their cost where claude has written it down')
    .option('--since <duration>', 'of all conversations, how far back', '7d')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  claudex usage\n  claudex usage --since 30d --json\n  claudex usage api')
    .action(async (target, options) => (await import('../conversations/show-usage.ts')).showUsage(target, options));
}
