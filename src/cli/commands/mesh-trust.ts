/** `claudex mesh trust` and `untrust`: which machines are one's own. */
import { createInterface } from 'node:readline/promises';
import { isatty } from 'node:tty';
import type { Command } from 'commander';
import { ClaudexError } from '../../errors/claudex-error.ts';
import { keysFile } from '../../mesh/known-keys.ts';
import { readJoined, readSeen } from '../../mesh/mesh-files.ts';
import { fingerprint, isFingerprintOf, readTrusted, trustedKeys } from '../../mesh/trust.ts';
import { refuseSession } from '../not-by-a-session.ts';

export function addTrustCommands(mesh: Command): void {
  mesh
    .command('trust')
    .argument('<machine>', 'a machine of the mesh')
    .description('take that machine for one of your own: what you send there and from there is your own word')
    .option('--fingerprint <text>', 'of its key, as `claudex mesh status` shows it there; without it you are asked')
    .addHelpText(
      'after',
      `
Its key is pinned here. A machine that comes back with another key is not trusted, and mesh status says so.

Examples:
  claudex mesh trust devbox
  claudex mesh trust devbox --fingerprint "$(ssh devbox claudex mesh status --json | jq -r .fingerprint)"`,
    )
    .action(trust);
  mesh
    .command('untrust')
    .argument('<machine>', 'a machine that is trusted, or has another key than before')
    .description('take that machine for a stranger again, at once: the next key that it shows is its own')
    .addHelpText('after', '\nExample:\n  claudex mesh untrust devbox')
    .action(async (name: string) => {
      await refuseSession(process.env);
      const wasTrusted = trustedKeys(process.env).drop(name);
      if (!keysFile(process.env).drop(name) && !wasTrusted)
        throw new ClaudexError('MESH_NOT_TRUSTED', `Asked for "${name}".`);
      process.stdout.write(wasTrusted ? `${name} is trusted no more.\n` : `The key of ${name} is forgotten.\n`);
    });
}

async function trust(name: string, { fingerprint: given }: { fingerprint?: string }): Promise<void> {
  const { env } = process;
  await refuseSession(env);
  if (!readJoined(env)) throw new ClaudexError('MESH_NOT_JOINED');
  const machines = readSeen(env)?.machines ?? [];
  const machine = machines.find((one) => one.name === name);
  if (!machine) {
    const names = machines.map((one) => one.name).join(', ');
    throw new ClaudexError('MESH_NO_SUCH_MACHINE', names === '' ? 'There is no other one.' : `There are ${names}.`);
  }
  if (machine.key === '') throw new ClaudexError('MESH_MACHINE_AWAY', `${name} tells no key: its claudex is older.`);
  const pinned = readTrusted(env)[name];
  const print = fingerprint(machine.key);
  if (pinned !== undefined && pinned !== machine.key) {
    throw new ClaudexError('MESH_KEY_CHANGED', `${name}: ${fingerprint(pinned)} was trusted, it has ${print} now.`);
  }
  if (given !== undefined && !isFingerprintOf(given, machine.key)) {
    throw new ClaudexError('MESH_FINGERPRINT', `${name} has ${print}.`);
  }
  if (given === undefined && pinned === undefined) await compare(name, print);
  trustedKeys(env).put(name, machine.key);
  keysFile(env).put(name, machine.key);
  process.stdout.write(`${name} is trusted. Its key: ${print}\n`);
}

/** @throws ClaudexError MESH_FINGERPRINT where nobody says that it is the same */
async function compare(name: string, print: string): Promise<void> {
  if (!isatty(0) || !isatty(2)) {
    throw new ClaudexError('USAGE', `${name} has ${print}: give that with --fingerprint, once you have compared it.`);
  }
  process.stderr.write(`The key of ${name}: ${print}\n`);
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  asking.once('SIGINT', () => process.exit(130));
  const said = await Promise.race([
    asking.question(`Does \`claudex mesh status\` show the same on ${name}? [y/N] `),
    new Promise<string>((resolve) => asking.once('close', () => resolve(''))),
  ]);
  asking.close();
  if (!/^y(es)?$/i.test(said.trim())) throw new ClaudexError('MESH_FINGERPRINT', `${name} is not trusted.`);
}
