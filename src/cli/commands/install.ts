import type { Command } from 'commander';
import { colours } from '../render.ts';
import { stopDaemon } from './daemon.ts';
import { drainWorker } from './warm.ts';

export function addInstall(program: Command): void {
  program
    .command('install')
    .description(
      'put the hooks and the badge into Claude’s user settings, so that bare `claude` sessions are known too',
    )
    .option('--dry-run', 'print the change, write nothing')
    .option('--wrap-statusline', 'keep your own status line and add the badge behind it')
    .addHelpText('after', '\nExamples:\n  claudex install --dry-run\n  claudex install --wrap-statusline')
    .action(async (options: { dryRun?: boolean; wrapStatusline?: boolean }) => {
      const { installClaudex } = await import('../../../install-scripts/install.ts');
      const report = installClaudex({
        env: process.env,
        dryRun: options.dryRun === true,
        wrapStatusline: options.wrapStatusline === true,
      });
      printChange(report.diff);
      if (options.dryRun)
        process.stdout.write(report.changed ? 'Nothing was written (--dry-run).\n' : 'Nothing to change.\n');
      else
        process.stdout.write(
          report.changed ? `Installed into ${report.settingsPath}.\n` : 'Already installed; nothing changed.\n',
        );
      if (report.backupPath) process.stdout.write(`Your file before: ${report.backupPath}\n`);
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
      if (!options.dryRun && (await stopDaemon(process.env))) process.stdout.write('The daemon has stopped.\n');
      if (!options.dryRun && (await drainWorker())) process.stdout.write('Nothing is kept warm any more.\n');
      const report = uninstallClaudex({
        env: process.env,
        dryRun: options.dryRun === true,
        purge: options.purge === true,
      });
      printChange(report.diff);
      process.stdout.write(
        options.dryRun
          ? 'Nothing was written (--dry-run).\n'
          : report.changed
            ? 'Uninstalled.\n'
            : 'Nothing of ours was installed.\n',
      );
      for (const note of report.notes) process.stdout.write(`Note: ${note}\n`);
    });
}

function printChange(diff: string): void {
  if (diff === '') return;
  const chalk = colours(process.stdout);
  for (const line of diff.trimEnd().split('\n')) {
    const painted = line.startsWith('+') ? chalk.green(line) : line.startsWith('-') ? chalk.red(line) : line;
    process.stdout.write(`${painted}\n`);
  }
}
