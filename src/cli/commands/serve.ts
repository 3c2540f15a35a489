import { isIP } from 'node:net';
import { join } from 'node:path';
import type { Command } from 'commander';
import { ClaudexError } from '../../errors/claudex-error.ts';
import { oneLine } from '../../protocol/sanitise.ts';
import { readSettings } from '../../settings/read.ts';

/** Requests that run when the server is told to end have that long. */
const drainMs = 10_000;

interface ServeFlags {
  workspaces?: string;
  host: string;
  port?: string;
  printToken?: boolean;
}

export function addServe(program: Command): void {
  program
    .command('serve [workspace...]')
    .description('answer the Messages API on loopback, each workspace with a claude of its own')
    .option('--workspaces <folder>', 'the folder with the workspaces (default: the setting serve.workspaces)')
    .option('--port <port>', 'TCP port, 0 for a free one (default: the setting serve.port)')
    .option('--host <address>', 'listen on another address than loopback', '127.0.0.1')
    .option('--print-token', 'print the tokens of the workspaces and end')
    .addHelpText(
      'after',
      '\nWithout names, every folder right below is a workspace. Each has its own token.\n\nExamples:\n  claudex serve --workspaces ~/work\n  claudex serve --workspaces ~/work api web --port 8080\n  ANTHROPIC_BASE_URL=http://127.0.0.1:4747 ANTHROPIC_API_KEY=$(claudex serve --workspaces ~/work --print-token api) node app.mjs',
    )
    .action(async (names: string[], flags: ServeFlags) => {
      const settings = readSettings(process.env).values;
      const root = flags.workspaces ?? settings['serve.workspaces'];
      if (!root) throw new ClaudexError('USAGE', 'Name the folder with the workspaces: --workspaces <folder>.');
      // loaded here only: no other command needs node:http and what comes with it
      const { readyWorkspaces, startServing } = await import('../../serve/run-serve.ts');
      if (flags.printToken) {
        const workspaces = readyWorkspaces(process.env, root, names);
        const lines = workspaces.map(({ name, token }) => (names.length === 1 ? token : `${name}\t${token}`));
        process.stdout.write(`${lines.join('\n')}\n`);
        return;
      }
      const port = parsePort(flags.port ?? String(settings['serve.port']));
      const server = await startServing(process.env, { root, names, host: flags.host, port });
      if (!isLoopback(flags.host)) {
        process.stderr.write(
          `Others can reach ${server.url}: whoever has a token can have claude act in that workspace, and the line is not encrypted.\n`,
        );
      }
      // told to end before anybody reads that it runs
      const ended = untilToldToEnd((graceMs) => server.stop(graceMs));
      process.stdout.write(howToUse(server));
      await ended;
    });
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > 65_535) throw new ClaudexError('USAGE', `A port is 0 to 65535, not "${text}".`);
  return port;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

function howToUse({
  url,
  workspaces,
  metricsTokenPath,
}: Awaited<ReturnType<typeof import('../../serve/run-serve.ts').startServing>>): string {
  const shown = workspaces.map(({ name, dir, state, token, isNew }) =>
    [
      `  ${name}  ${oneLine(dir)}`,
      isNew
        ? `    token    ${token}  (shown this once; kept in ${join(state, 'token')})`
        : `    token    in ${join(state, 'token')}`,
      `    key      put ANTHROPIC_API_KEY=… into ${join(state, 'env')}, or log in: CLAUDE_CONFIG_DIR=${join(state, 'claude')} claude`,
    ].join('\n'),
  );
  return `claudex serves ${url}

${shown.join('\n')}

With an Anthropic SDK: ANTHROPIC_BASE_URL=${url} ANTHROPIC_API_KEY=<token of the workspace>
Health: ${url}/health   Metrics: ${url}/metrics (token in ${metricsTokenPath})
Ctrl-C ends it.
`;
}

/** Resolves when the server has ended. A second signal does not wait for what still runs. */
function untilToldToEnd(stop: (graceMs: number) => Promise<void>): Promise<void> {
  return new Promise((resolve, reject) => {
    let told = false;
    const onSignal = (): void => {
      stop(told ? 0 : drainMs).then(resolve, reject);
      told = true;
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  });
}
