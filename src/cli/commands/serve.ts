import { randomBytes } from 'node:crypto';
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { ClaudexError } from '../../errors.ts';

export function addServe(program: Command): void {
  program
    .command('serve <root>')
    .description('the Messages API on loopback, answered by warm processes; one claude for each folder below <root>')
    .option('--port <number>', 'the port; 0 takes a free one', '8377')
    .option('--pool-size <number>', 'claude processes of each workspace at most', '2')
    .option('--max-waiting <number>', 'requests of each workspace that may wait', '100')
    .addHelpText(
      'after',
      `
The token is CLAUDEX_SERVE_TOKEN, else a new one that is printed. Workspaces: docs/serve.md.

Example:
  claudex serve ~/workspaces --port 8377`,
    )
    .action(async (root: string, options: { port: string; poolSize: string; maxWaiting: string }) => {
      const folder = resolve(root);
      if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
        throw new ClaudexError('USAGE', `${folder} is no folder.`);
      }
      const [{ startServer }, { Workspaces }] = await Promise.all([
        import('../../serve/server.ts'),
        import('../../serve/workspaces.ts'),
      ]);
      const limits = {
        poolSize: wholeNumber('--pool-size', options.poolSize, 1),
        maxWaiting: wholeNumber('--max-waiting', options.maxWaiting, 0),
      };
      const token = process.env.CLAUDEX_SERVE_TOKEN || randomBytes(24).toString('base64url');
      const port = wholeNumber('--port', options.port, 0);
      const server = await startServer({ port, token, workspaces: new Workspaces(folder, limits) });
      process.stdout.write(`Serving ${folder} on ${server.url}/<workspace>\n`);
      if (!process.env.CLAUDEX_SERVE_TOKEN) process.stdout.write(`Token: ${token}\n`);
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
        process.once(signal, () => void server.close().then(() => process.exit(0)));
      }
    });
}

/** @throws ClaudexError USAGE */
function wholeNumber(option: string, text: string, minimum: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < minimum || value > 65_535) {
    throw new ClaudexError('USAGE', `${option} takes a whole number from ${minimum}, not "${text}".`);
  }
  return value;
}
