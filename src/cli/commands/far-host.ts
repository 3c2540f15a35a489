/** `claudex host`: the other machines whose sessions commands reach with --host. */
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { ClaudexError, systemErrorCode, toClaudexError } from '../../errors/claudex-error.ts';
import type { FarDevice, Machine } from '../../far/far-command.ts';
import { oneLine } from '../../protocol/sanitise.ts';
import { farCommands } from '../far/go-where-asked.ts';
import { readSecret } from '../far/read-secret.ts';
import { refuseSession } from '../not-by-a-session.ts';
import { colours, table } from '../text/render.ts';

/** Loaded by these commands only: no other one needs what it is made of. */
const loadFar = (): Promise<typeof import('../../far/far-command.ts')> => import('../../far/far-command.ts');

interface AddFlags {
  ca?: string;
  plainHttp?: boolean;
  json?: boolean;
}

export function addFarHost(program: Command): void {
  const host = program
    .command('host')
    .description('other machines, whose sessions a command reaches as --host <name>')
    .addHelpText(
      'after',
      `
\`claudex --host <name> <command>\` is that command on that machine, where \`claudex web\` runs; CLAUDEX_HOST=<name> means the same for
all commands that work from elsewhere: ${farCommands.join(', ')}.

Examples:
  claudex host add devbox https://devbox:4748 --ca devbox.pem
  claudex --host devbox list
  claudex --host devbox attach api
  claudex host list`,
    );
  host
    .command('add')
    .argument('<name>', 'what to call it')
    .argument('<url>', 'where its claudex web is: scheme, host and port')
    .description('add a machine; its token is asked for, or read from standard input')
    .option('--ca <file>', 'certificate to trust for it, PEM: its own, or that of who signed it')
    .option('--plain-http', 'http beyond this machine is meant so: something else encrypts the line')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
The token is made on that machine: claudex web token --name laptop --scope view,send,answer,terminal,manage

Examples:
  claudex host add devbox https://devbox:4748
  ssh devbox claudex web token --name laptop --scope view,send | claudex host add devbox https://devbox:4748 --ca devbox.pem`,
    )
    .action(add);
  host
    .command('list')
    .description('the machines that were added, and whether they answer')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  claudex host list')
    .action(list);
  host
    .command('remove')
    .argument('<name>', 'a machine')
    .description('forget a machine and its token; there, `claudex web revoke` ends the token itself')
    .addHelpText('after', '\nExample:\n  claudex host remove devbox')
    .action(async (name: string) => (await loadFar()).removeMachine(process.env, name));
}

async function add(name: string, address: string, flags: AddFlags): Promise<void> {
  await refuseSession(process.env);
  const { checkEncrypted, deviceOn, keepMachine, machineUrl } = await loadFar();
  const url = machineUrl(address);
  const place = { url, plainHttp: flags.plainHttp === true };
  checkEncrypted(place);
  const ca = flags.ca === undefined ? null : certificateIn(flags.ca);
  const token = (await readSecret(`Token for ${url}: `)).trim();
  if (token === '') throw new ClaudexError('FAR_TOKEN_MISSING', `For ${url}.`);
  if (!/^[\x21-\x7e]{1,500}$/.test(token)) throw new ClaudexError('FAR_TOKEN_REFUSED', 'It cannot be one.');
  const machine: Machine = { name, ...place, token, ca };
  const device = await deviceOn(machine);
  keepMachine(process.env, machine);
  const scopes = device.scopes.join(', ');
  if (flags.json)
    process.stdout.write(`${JSON.stringify({ name, url, device: device.name, scopes: device.scopes })}\n`);
  else process.stdout.write(oneLine(`${name} knows this machine as "${device.name}", with ${scopes}.`).concat('\n'));
  if (!device.scopes.includes('view')) {
    process.stderr.write('Without the scope view most commands are refused there.\n');
  }
}

/** @throws ClaudexError FILE_UNREADABLE */
function certificateIn(path: string): string {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new ClaudexError('FILE_UNREADABLE', `${path}: ${systemErrorCode(cause) ?? cause}.`, { cause });
  }
  if (text.includes('-----BEGIN CERTIFICATE-----')) return text;
  throw new ClaudexError('FILE_UNREADABLE', `${path} holds no certificate in PEM.`);
}

async function list({ json }: { json?: boolean }): Promise<void> {
  const { deviceOn, listMachines } = await loadFar();
  const rows = await Promise.all(listMachines(process.env).map((one) => triedOut(one, deviceOn)));
  if (json) return void process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`);
  if (rows.length === 0) return void process.stdout.write('No machine was added: claudex host add <name> <url>\n');
  const chalk = colours(process.stdout);
  const cells = rows.map(({ name, url, scopes, error }) => [
    name,
    url,
    error === null ? 'ok' : error,
    scopes.join(','),
  ]);
  const text = table(['NAME', 'ADDRESS', 'STATE', 'SCOPES'], cells, (cell, column, row) =>
    row === -1 ? chalk.bold(cell) : column === 0 ? chalk.cyan(cell) : cell,
  );
  process.stdout.write(`${text}\n`);
}

/** `error` is a code, null where the machine answers. */
interface Tried {
  name: string;
  url: string;
  device: string | null;
  scopes: string[];
  error: string | null;
}

async function triedOut(machine: Machine, deviceOn: (machine: Machine) => Promise<FarDevice>): Promise<Tried> {
  const { name, url } = machine;
  try {
    const device = await deviceOn(machine);
    return { name, url, device: device.name, scopes: device.scopes, error: null };
  } catch (error) {
    return { name, url, device: null, scopes: [], error: toClaudexError(error).code };
  }
}
