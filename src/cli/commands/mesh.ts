import type { Command } from 'commander';
import { reportFailure, reportReady } from '../../background/ready-report.ts';
import { ensureDaemon } from '../../daemon-client/ensure-daemon.ts';
import { ClaudexError } from '../../errors/claudex-error.ts';
import type { JoinFlags } from '../../mesh/mesh-command.ts';
import type { MeshStatus } from '../../mesh/mesh-status.ts';
import { ensureBridge } from '../../mesh/start-bridge.ts';
import type { MailBacklog } from '../../protocol/machine-mail.ts';
import { refuseSession } from '../not-by-a-session.ts';
import { counted } from '../text/counted.ts';
import { age, colours, table } from '../text/render.ts';
import { addTrustCommands } from './mesh-trust.ts';

/** Loaded by these commands only: no other one needs NATS. */
const loadMesh = (): Promise<typeof import('../../mesh/mesh-command.ts')> => import('../../mesh/mesh-command.ts');

export function addMesh(program: Command): void {
  const mesh = program
    .command('mesh')
    .description('many machines: one list of all their sessions, over a NATS server of yours')
    .addHelpText(
      'after',
      '\nExamples:\n  claudex mesh up --host 10.8.0.1 --plain\n  claudex mesh invite devbox\n  claudex mesh status',
    );
  addServerCommands(mesh);
  addMemberCommands(mesh);
  addTrustCommands(mesh);
  mesh.command('bridge', { hidden: true }).description('hold the line to the mesh').action(bridge);
}

interface UpFlags {
  host: string;
  port: string;
  tlsCert?: string;
  tlsKey?: string;
  plain?: boolean;
  as?: string;
}

function addServerCommands(mesh: Command): void {
  mesh
    .command('up')
    .description('run a NATS server for a small group of machines, in the foreground; this machine joins it')
    .option('--host <address>', 'listen on another address than loopback; takes TLS, or --plain', '127.0.0.1')
    .option('--port <port>', 'TCP port', '4222')
    .option('--tls-cert <file>', 'certificate, PEM')
    .option('--tls-key <file>', 'its key, PEM')
    .option('--plain', 'beyond loopback without TLS: a VPN or a tunnel encrypts the line')
    .option('--as <name>', 'what this machine is called there (default: its host name)')
    .addHelpText(
      'after',
      '\nExamples:\n  claudex mesh up\n  claudex mesh up --host 10.8.0.1 --plain\n  claudex mesh up --host 0.0.0.0 --tls-cert cert.pem --tls-key key.pem',
    )
    .action(up);
  mesh
    .command('invite')
    .argument('<name>', 'what the other machine is to be called')
    .description('let one more machine in; prints the command to run there')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  claudex mesh invite devbox')
    .action(async (name: string, { json }: { json?: boolean }) => {
      await refuseSession(process.env);
      const invitation = await (await loadMesh()).inviteMachine(process.env, name);
      if (json) return void process.stdout.write(`${JSON.stringify(invitation, null, 2)}\n`);
      process.stdout.write(`${invitation.command}\n`);
      process.stderr.write(
        `\nRun that on ${name}. It holds the key of that machine, which is shown this once.\n${
          invitation.isLoopback
            ? `The server listens on this machine alone: there, first open a tunnel (ssh -N -L ${new URL(invitation.url).port}:${new URL(invitation.url).host} <this machine>), or run \`claudex mesh up --host <address>\` here.\n`
            : ''
        }`,
      );
    });
  mesh
    .command('revoke')
    .argument('<name>', 'a machine that was invited')
    .description('let a machine in no more; its connection ends at once, and its name is free')
    .addHelpText('after', '\nExample:\n  claudex mesh revoke devbox')
    .action(async (name: string) => {
      await (await loadMesh()).revokeMachine(process.env, name);
      process.stdout.write(`${name} is let in no more.\n`);
    });
}

function addMemberCommands(mesh: Command): void {
  mesh
    .command('join')
    .argument('[nats-url]', 'nats://host:port, or tls://host:port')
    .description('let this machine and others see each other’s sessions')
    .option('--creds <file>', 'credentials of NATS')
    .option('--nkey <file>', 'the seed of an NKEY; - reads standard input')
    .option('--context <name>', 'a context of the NATS command line (~/.config/nats/context)')
    .option('--tls-ca <file>', 'the authority of the server’s certificate, PEM')
    .option('--as <name>', 'what this machine is called there (default: its host name)')
    .addHelpText(
      'after',
      '\nExamples:\n  echo SUA… | claudex mesh join nats://10.8.0.1:4222 --nkey - --as devbox\n  claudex mesh join tls://nats.example.com:4222 --creds ~/claudex.creds',
    )
    .action(join);
  mesh
    .command('leave')
    .description('take this machine out again')
    .addHelpText('after', '\nExample:\n  claudex mesh leave')
    .action(async () => {
      await refuseSession(process.env);
      const untold = await (await loadMesh()).leaveMesh(process.env);
      process.stdout.write('This machine has left the mesh.\n');
      if (untold) process.stderr.write(`The others could not be told, and see it as away: ${untold.message}\n`);
    });
  mesh
    .command('status')
    .description('the server, the machines, and what is wrong')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  claudex mesh status --json')
    .action(async ({ json }: { json?: boolean }) => {
      const status = await (await loadMesh()).meshStatus(process.env);
      process.stdout.write(json ? `${JSON.stringify(status, null, 2)}\n` : statusText(status));
      if (status.wrong.length > 0) process.exitCode = 3;
    });
}

async function up(flags: UpFlags): Promise<void> {
  await refuseSession(process.env);
  const port = Number(flags.port);
  if (!/^\d{1,5}$/.test(flags.port) || port < 1 || port > 65_535)
    throw new ClaudexError('USAGE', `A port is 1 to 65535, not "${flags.port}".`);
  const { resolve } = await import('node:path');
  const server = await (await loadMesh()).up(process.env, {
    host: flags.host,
    port,
    isPlain: flags.plain === true,
    ...(flags.tlsCert !== undefined && { tlsCert: resolve(flags.tlsCert) }),
    ...(flags.tlsKey !== undefined && { tlsKey: resolve(flags.tlsKey) }),
    ...(flags.as !== undefined && { as: flags.as }),
  });
  let isTold = false;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => {
      isTold = true;
      server.stop();
    });
  await bringUp();
  process.stdout.write(
    `The mesh’s server is at ${server.url}. This machine is ${server.joined.name} at ${server.joined.url}.\nLet another one in: claudex mesh invite <name>\nCtrl-C ends the server; the machines wait for it.\n`,
  );
  await server.ended;
  if (!isTold) throw new ClaudexError('MESH_SERVER_FAILED', 'It has ended; mesh/server/nats.log says why.');
  process.exit(0);
}

async function join(url: string | undefined, flags: JoinFlags): Promise<void> {
  await refuseSession(process.env);
  const joined = await (await loadMesh()).join(process.env, url, flags);
  await bringUp();
  process.stdout.write(
    `This machine is ${joined.name} in the mesh at ${joined.url}.\nWho else is there: claudex list\n`,
  );
}

/** The bridge lives as long as the daemon, which starts it at its own start. */
async function bringUp(): Promise<void> {
  await ensureDaemon(process.env);
  await ensureBridge(process.env);
}

async function bridge(): Promise<void> {
  const { env } = process;
  try {
    const running = (await loadMesh()).runBridge(env);
    reportReady(env);
    await running?.ended;
    process.exit(0);
  } catch (error) {
    reportFailure(env, error);
    throw error;
  }
}

function statusText(status: MeshStatus): string {
  if (!status.joined) return 'This machine is in no mesh: claudex mesh join <nats-url>, or claudex mesh up.\n';
  const { name, url, server, machines = [], mail = [], wrong, fingerprint: print } = status;
  const chalk = colours(process.stdout);
  const state = server
    ? `reached in ${server.latencyMs} ms, nats-server ${server.version}, clocks ${Math.abs(server.skewMs)} ms apart`
    : 'not reached';
  const rows = machines.map((one) => [
    one.name,
    one.away ? `away${one.seenAt === null ? '' : `, seen ${age(one.seenAt)} ago`}` : 'here',
    String(one.sessions.length + one.moreSessions),
    one.version,
    waitingText(mail.find(({ machine }) => machine === one.name)),
    one.trust === 'trusted' ? 'trusted' : one.trust === 'other-key' ? 'REFUSED: another key' : '',
  ]);
  const list =
    rows.length === 0
      ? 'No other machine has joined.'
      : table(['MACHINE', 'STATE', 'SESSIONS', 'CLAUDEX', 'MAIL', 'TRUST'], rows, (cell, column, row) =>
          row === -1 ? chalk.bold(cell) : column === 0 ? chalk.cyan(cell) : cell,
        );
  const troubles = wrong.map(({ what, fix }) => `\n${what}\nFix: ${fix}\n`);
  const key = print === undefined ? '' : `Its key: ${print}\n`;
  const head = `This machine is ${name} at ${url}: ${state}.\n${key}`;
  return `${head}${counted(machines.length, 'other machine')}.\n\n${list}\n${troubles.join('')}`;
}

/** Messages for it that it does not have yet, and since when the oldest of them waits. */
function waitingText(mail: MailBacklog | undefined): string {
  if (!mail || mail.oldestAt === null) return '';
  return `${mail.waiting} waiting, oldest ${age(new Date(mail.oldestAt).toISOString())}`;
}
