import type { Command } from 'commander';
import { ensureDaemon } from '../../daemon-client/ensure-daemon.ts';
import { everySession } from '../../daemon-client/every-session.ts';
import { pathTarget } from '../../daemon-client/path-target.ts';
import { ClaudexError } from '../../errors/claudex-error.ts';
import { findTarget } from '../../protocol/find-target.ts';
import { readSettings } from '../../settings/read.ts';
import { refuseSession } from '../not-by-a-session.ts';
import { age, colours, forTerminal, table } from '../text/render.ts';

interface WebFlags {
  host: string;
  port?: string;
  tlsCert?: string;
  tlsKey?: string;
  plainHttp?: boolean;
  allowHost: string[];
}

/** Loaded by these commands only: no other one needs what the server is made of. */
const loadWeb = (): Promise<typeof import('../../web/web-command.ts')> => import('../../web/web-command.ts');

export function addWeb(program: Command): void {
  const web = program
    .command('web')
    .description('show your sessions in a browser, and to programs: live terminals, questions, an API')
    .option('--port <port>', 'TCP port, 0 for a free one (default: the setting web.port)')
    .option('--host <address>', 'listen on another address than loopback; takes TLS, or --plain-http', '127.0.0.1')
    .option('--tls-cert <file>', 'certificate, PEM')
    .option('--tls-key <file>', 'its key, PEM')
    .option('--plain-http', 'beyond loopback without TLS: something else encrypts the line')
    .option('--allow-host <name>', 'one more name that the server is reached by (may be repeated)', collect, [])
    .addHelpText(
      'after',
      '\nExamples:\n  claudex web\n  claudex web pair\n  claudex web token --name ci --scope view,send\n  claudex web --host 0.0.0.0 --tls-cert cert.pem --tls-key key.pem',
    )
    .action(serve);
  web
    .command('pair')
    .description('print a link, also as a QR code, that lets one browser in within two minutes')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  claudex web pair')
    .action(pair);
  web
    .command('token')
    .description('make a token for a program; it is shown this once')
    .option('--name <name>', 'what it is for')
    .option('--scope <scopes>', 'what it may do: view,send,answer,terminal,manage')
    .option(
      '--chat <target>',
      'instead of a token print the address of one session’s chat, with a token for that alone',
    )
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  claudex web token --name ci --scope view,send\n  claudex web token --chat api',
    )
    .action(token);
  web
    .command('devices')
    .description('list the browsers and programs that have been let in')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  claudex web devices')
    .action(devices);
  web
    .command('revoke')
    .argument('<id...>', 'ids of devices')
    .description('let devices in no more; their connections end at once')
    .addHelpText('after', '\nExample:\n  claudex web revoke k7m2p9qd')
    .action(async (ids: string[]) => {
      const { revokeDevice } = await loadWeb();
      for (const id of ids) revokeDevice(process.env, id);
    });
}

function collect(value: string, list: string[]): string[] {
  return [...list, value];
}

async function serve(flags: WebFlags): Promise<void> {
  const port = parsePort(flags.port ?? String(readSettings(process.env).values['web.port']));
  const { serveWeb, pairingLink, listDevices } = await loadWeb();
  const server = await serveWeb(process.env, {
    host: flags.host,
    port,
    tlsCert: flags.tlsCert,
    tlsKey: flags.tlsKey,
    plainHttp: flags.plainHttp === true,
    allowedHosts: flags.allowHost,
  });
  // told to end before anybody reads that it runs
  const ended = untilToldToEnd(() => server.stop());
  process.stdout.write(`claudex web is at ${server.url}\n`);
  if (server.fingerprint !== null) process.stdout.write(`Its certificate: ${server.fingerprint}\n`);
  if (process.stdout.isTTY && listDevices(process.env).length === 0) {
    const { link, qr } = pairingLink(process.env);
    process.stdout.write(`\nOpen this within two minutes, or point a phone at it:\n\n${qr}\n\n  ${link}\n`);
  } else process.stdout.write('Let a browser in: claudex web pair\n');
  process.stdout.write('Ctrl-C ends it; the sessions run on.\n');
  await ended;
  process.exit(0); // a daemon that is just being looked for would keep us
}

async function pair({ json }: { json?: boolean }): Promise<void> {
  await refuseSession(process.env);
  const { link, qr } = (await loadWeb()).pairingLink(process.env);
  if (json) process.stdout.write(`${JSON.stringify({ link }, null, 2)}\n`);
  else if (!process.stdout.isTTY) process.stdout.write(`${link}\n`);
  else
    process.stdout.write(
      `${qr}\n\n  ${link}\n\nGood once, for two minutes: for a browser, or for claudex host add on another machine.\n`,
    );
}

interface TokenFlags {
  name?: string;
  scope?: string;
  chat?: string;
  json?: boolean;
}

async function token(options: TokenFlags): Promise<void> {
  await refuseSession(process.env);
  const web = await loadWeb();
  const name = (options.name ?? options.chat ?? '').trim();
  if (name === '' || name.length > 60) throw new ClaudexError('USAGE', '--name takes 1 to 60 characters.');
  if (options.chat !== undefined) {
    if (![undefined, 'answer'].includes(options.scope))
      throw new ClaudexError('USAGE', '--chat takes --scope answer, or none.');
    const mayAnswer = options.scope === 'answer';
    const { id } = findTarget(pathTarget(options.chat), await everySession(await ensureDaemon(process.env)));
    print(options, web.newChat(process.env, { name, target: id, mayAnswer }), ({ url }) => url);
    return;
  }
  if (options.scope === undefined)
    throw new ClaudexError('USAGE', `Say what it may do: --scope ${web.scopeNames.join(',')}, or some of these.`);
  const wanted = options.scope.split(',').map((word) => word.trim());
  const wrong = wanted.find((word) => !web.scopeNames.includes(word));
  if (wrong !== undefined)
    throw new ClaudexError('USAGE', `"${wrong}" is no scope; --scope takes ${web.scopeNames.join(', ')}.`);
  print(options, web.newToken(process.env, { name, scopes: [...new Set(wanted)] as never }), (made) => made.token);
}

function print<Made>({ json }: TokenFlags, made: Made, shown: (made: Made) => string): void {
  process.stdout.write(`${json ? JSON.stringify(made, null, 2) : shown(made)}\n`);
}

async function devices({ json }: { json?: boolean }): Promise<void> {
  const list = (await loadWeb()).listDevices(process.env);
  if (json) return void process.stdout.write(`${JSON.stringify(list, null, 2)}\n`);
  if (list.length === 0) return void process.stderr.write('Nobody has been let in: claudex web pair\n');
  const chalk = colours(process.stdout);
  const rows = list.map(({ id, kind, name, scopes, lastSeenAt }) => [
    id,
    kind,
    age(new Date(lastSeenAt).toISOString()),
    scopes.join(','),
    forTerminal(name),
  ]);
  const text = table(['ID', 'KIND', 'SEEN', 'MAY', 'NAME'], rows, (cell, column, row) =>
    row === -1 ? chalk.bold(cell) : column === 0 ? chalk.cyan(cell) : cell,
  );
  process.stdout.write(`${text}\n`);
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > 65_535) throw new ClaudexError('USAGE', `A port is 0 to 65535, not "${text}".`);
  return port;
}

function untilToldToEnd(stop: () => Promise<void>): Promise<void> {
  return new Promise((resolve, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      process.once(signal, () => stop().then(resolve, reject));
  });
}
