import type { Command } from 'commander';
import { ensureDaemon } from '../../daemon-client/ensure-daemon.ts';
import { claudeConfigDir } from '../../home/paths.ts';
import { oneLine } from '../../protocol/sanitise.ts';
import { shortPath, stateText } from '../text/render.ts';

export function addWhoami(program: Command): void {
  program
    .command('whoami')
    .description('say which session this shell runs in (inside claude’s Bash tool and hooks)')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample (inside a session):\n  claudex whoami')
    .action(async (options: { json?: boolean }) => {
      const client = await ensureDaemon(process.env);
      const session = await client.whoami([process.ppid], claudeConfigDir(process.env));
      process.stdout.write(
        options.json
          ? `${JSON.stringify(session, null, 2)}\n`
          : `${oneLine([session.id, session.alias ?? session.name, shortPath(session.cwd), stateText(session)].join('  '))}\n`,
      );
    });
}
