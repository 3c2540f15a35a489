import type { Command } from 'commander';

export function addDemo(program: Command): void {
  program
    .command('demo')
    .description('show the main job in under a minute: no account, no network, none of your files touched')
    .addHelpText('after', '\nExample:\n  claudex demo')
    .action(async () => {
      const { runDemo } = await import('../../demo/run-demo.ts');
      process.exitCode = await runDemo();
    });
}
