import type { Command } from 'commander';
import { colours } from '../text/render.ts';

export function addDemo(program: Command): void {
  program
    .command('demo')
    .description('show the main job in under a minute: no account, no network, none of your files touched')
    .option('--stand-in', 'run a small stand-in even where claude is found')
    .addHelpText('after', '\nExample:\n  claudex demo')
    .action(async (options: { standIn?: boolean }) => {
      const { runDemo } = await import('../../demo/run-demo.ts');
      process.exitCode = await runDemo({ palette: colours(process.stdout), standIn: options.standIn === true });
    });
}
