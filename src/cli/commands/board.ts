import type { Command } from 'commander';
import { ensureDaemon } from '../../daemon-client/ensure-daemon.ts';
import { liveSessions } from '../../daemon-client/every-session.ts';
import { colours, sessionTable } from '../text/render.ts';

export function addBoard(program: Command): void {
  program
    .command('board')
    .description('show every session in the whole terminal, live: who waits for you, and answer from there')
    .option('--json', 'print the sessions as JSON, as `claudex list --local --json` does')
    .addHelpText(
      'after',
      `
Without a terminal it prints what \`claudex list --local\` prints.

Keys (? shows them all):
  j k         choose a session      Tab   the next one that waits for you
  Enter       attach to it          p     peek at its screen
  a d 1-9     answer what it asks   s     send it a message
  n x         start, stop           / q   filter, quit

Examples:
  claudex board
  claudex board --json | jq -r '.[] | select(.state == "waiting") | .name'`,
    )
    .action(async ({ json }: { json?: boolean }) => {
      if (!json && process.stdin.isTTY && process.stdout.isTTY) {
        const { showBoard } = await import('../board/show-board.ts');
        return showBoard(process.env);
      }
      const client = await ensureDaemon(process.env);
      const sessions = json ? await client.sessions() : await liveSessions(client);
      const text = json ? JSON.stringify(sessions, null, 2) : sessionTable(sessions, colours(process.stdout));
      process.stdout.write(`${text}\n`);
    });
}
