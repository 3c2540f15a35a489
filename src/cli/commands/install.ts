import type { Command } from 'commander';
import { stopDaemon } from '../../daemon-client/stop-daemon.ts';
import { stopManaged } from '../managed/stop-managed.ts';
import { colours, shortPath } from '../text/render.ts';
import { locateClaude } from '../version.ts';
import { drainWorker } from './warm.ts';

/** What to do now; the change itself is `--dry-run`'s to show. */
const nextSteps = `Next: start a new \`claude\` anywhere; it shows a badge, at the latest with its first turn, and \`claudex list\` names it. The daemon starts by itself.
A \`claude\` that runs already is not changed: end it and come back with \`claude --continue\`. Sessions started with \`claudex\` need nothing.
`;

export function addInstall(program: Command): void {
  program
    .command('install')
    .description(
      'put the hooks and the badge into Claude’s user settings, so that bare `claude` sessions are known too, and the MCP server',
    )
    .option('--dry-run', 'print the change, write nothing')
    .option('--no-mcp', 'leave the MCP server out: sessions get no tools of claudex')
    .option('--wrap-statusline', 'keep your own status line and add the badge behind it')
    .addHelpText('after', '\nExamples:\n  claudex install --dry-run\n  claudex install --wrap-statusline')
    .action(async (options: { dryRun?: boolean; wrapStatusline?: boolean; mcp: boolean }) => {
      const { installClaudex } = await import('../../../install-scripts/install.ts');
      const { installMcpServer } = await import('../../../install-scripts/mcp-entry.ts');
      const report = installClaudex({
        env: process.env,
        claudeVersion: (await locateClaude(process.env)).version,
        dryRun: options.dryRun === true,
        wrapStatusline: options.wrapStatusline === true,
      });
      const mcp = options.mcp
        ? installMcpServer({ env: process.env, dryRun: options.dryRun === true })
        : { changed: false, lines: [] };
      const changed = report.changed || mcp.changed;
      if (options.dryRun) {
        printChange(`${report.diff}${mcp.lines.join('\n')}`);
        process.stdout.write(changed ? 'Nothing was written (--dry-run).\n' : 'Nothing to change.\n');
      } else {
        process.stdout.write(
          changed ? `Installed into ${report.settingsPath}.\n` : 'Already installed; nothing changed.\n',
        );
        if (report.backupPath) process.stdout.write(`Your file before: ${report.backupPath}\n`);
        if (changed) process.stdout.write(nextSteps);
        printNotes(mcp.lines);
      }
      for (const note of report.notes) process.stdout.write(`Note: ${note}\n`);
    });
  program
    .command('uninstall')
    .description('take exactly our entries out of Claude’s user settings again and stop the daemon')
    .option('--dry-run', 'print the change, write nothing')
    .option('--purge', 'also remove the claudex folder with its settings, journal and logs')
    .addHelpText('after', '\nExamples:\n  claudex uninstall\n  claudex uninstall --purge')
    .action(async (options: { dryRun?: boolean; purge?: boolean }) => {
      const { uninstallClaudex } = await import('../../../install-scripts/uninstall.ts');
      const { uninstallMcpServer } = await import('../../../install-scripts/mcp-entry.ts');
      const request = { env: process.env, purge: options.purge === true };
      // whatever keeps it from being done is said before anything is touched
      uninstallClaudex({ ...request, dryRun: true });
      if (!options.dryRun && options.purge) await stopManaged(process.env);
      if (!options.dryRun && (await stopDaemon(process.env))) process.stdout.write('The daemon has stopped.\n');
      if (!options.dryRun && (await drainWorker())) process.stdout.write('Nothing is kept warm any more.\n');
      const { removeService } = await import('../service/service-files.ts');
      const removed = options.dryRun ? undefined : removeService(process.env);
      if (removed !== undefined) process.stdout.write(`Removed ${shortPath(removed)}.\n`);
      const mcp = uninstallMcpServer({ env: process.env, dryRun: options.dryRun === true });
      const report = uninstallClaudex({ ...request, dryRun: options.dryRun === true });
      if (options.dryRun) printChange(`${report.diff}${mcp.lines.join('\n')}`);
      else printNotes(mcp.lines);
      process.stdout.write(
        options.dryRun
          ? 'Nothing was written (--dry-run).\n'
          : report.changed || mcp.changed
            ? 'Uninstalled.\n'
            : 'Nothing of ours was installed.\n',
      );
      for (const note of report.notes) process.stdout.write(`Note: ${note}\n`);
    });
}

/** Of what is said about the MCP server: what was not done. */
function printNotes(lines: readonly string[]): void {
  for (const line of lines) if (line.startsWith('Note:')) process.stdout.write(`${line}\n`);
}

function printChange(diff: string): void {
  if (diff === '') return;
  const chalk = colours(process.stdout);
  for (const line of diff.trimEnd().split('\n')) {
    const painted = line.startsWith('+') ? chalk.green(line) : line.startsWith('-') ? chalk.red(line) : line;
    process.stdout.write(`${painted}\n`);
  }
}
