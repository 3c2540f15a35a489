/** `claudex host`: the other machines whose sessions commands reach with --host. */
import type { Command } from 'commander';
import { toClaudexError } from '../../errors/claudex-error.ts';
import type { FarDevice, Machine } from '../../far/far-command.ts';
import { type AddFlags, addMachine } from '../far/add-machine.ts';
import { farCommands } from '../far/go-where-asked.ts';
import { colours, table } from '../text/render.ts';

/** Loaded by these commands only: no other one needs what it is made of. */
const loadFar = (): Promise<typeof import('../../far/far-command.ts')> => import('../../far/far-command.ts');

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
    .argument('[url]', 'where its claudex web is: scheme, host and port; a pairing link says it too')
    .description('add a machine; its token, or a pairing link, is asked for, or read from standard input')
    .option('--scope <scopes>', 'with a pairing link: what may be done there (default: view,send,answer)')
    .option('--ca <file>', 'certificate to trust for it, PEM: its own, or that of who signed it')
    .option(
      '--fingerprint <sha256:…>',
      'trust the certificate that it shows, if that is its fingerprint and nobody else has signed it',
    )
    .option('--plain-http', 'http beyond this machine is meant so: something else encrypts the line')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
A pairing link is made on that machine by \`claudex web pair\`, is good for two minutes, and is spent for a token. Or make the token itself
there: claudex web token --name laptop --scope view,send,answer,terminal,manage

Examples:
  claudex host add devbox https://devbox:4748
  ssh devbox claudex web pair | claudex host add devbox --scope view,send --fingerprint sha256:1f0c…
  ssh devbox claudex web token --name laptop --scope view,send | claudex host add devbox https://devbox:4748 --ca devbox.pem`,
    )
    .action(async (name: string, url: string | undefined, flags: AddFlags) =>
      addMachine(await loadFar(), name, url, flags),
    );
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
