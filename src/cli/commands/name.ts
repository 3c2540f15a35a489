import type { Command } from 'commander';
import { ensureDaemon } from '../../daemon-client/ensure-daemon.ts';
import { pathTarget } from '../../daemon-client/path-target.ts';
import { ClaudexError } from '../../errors/claudex-error.ts';

export function addName(program: Command): void {
  program
    .command('name')
    .argument('<target>', 'a live session')
    .argument('[name]', 'what to call it')
    .description('give a session a name of yours, for every command that takes a target')
    .option('--clear', 'take its name away')
    .option('--json', 'print the session as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  claudex name . reviewer\n  claudex send reviewer "look at the last commit"\n  claudex name reviewer --clear',
    )
    .action(async (target: string, alias: string | undefined, options: { clear?: boolean; json?: boolean }) => {
      if ((alias === undefined) !== (options.clear === true)) {
        throw new ClaudexError('USAGE', 'Say what to call it, or --clear.');
      }
      const client = await ensureDaemon(process.env);
      const session = await client.nameSession(pathTarget(target), alias ?? null);
      if (options.json) process.stdout.write(`${JSON.stringify(session, null, 2)}\n`);
      else process.stdout.write(`${session.id} ${alias === undefined ? 'has no name now' : `is ${alias}`}.\n`);
    });
}
