/** Commands about a session that do not reach those of other machines of the mesh: what is written `api@devbox` says so. */
import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { elsewhere } from '../../daemon-client/elsewhere.ts';
import { ClaudexError } from '../../errors/claudex-error.ts';
import { machineIn } from './go-to-machine.ts';

const ownSessionsOnly = ['attach', 'detach', 'stop', 'resume', 'restart', 'forget', 'name', 'usage'];

/** Each of those commands looks at its words first. @throws ClaudexError NOT_OVER_MESH from the command */
export function refuseOverMesh(program: Command): void {
  program.hook('preAction', (_program, command) => {
    if (!ownSessionsOnly.includes(command.name()) || command.parent !== program || elsewhere()) return;
    for (const word of command.args.filter((one) => one.includes('@') && !existsSync(one))) {
      const { machine } = machineIn(process.env, word);
      if (machine === undefined) continue;
      throw new ClaudexError(
        'NOT_OVER_MESH',
        `${word} is a session of ${machine}; ${command.name()} is for this machine’s.`,
      );
    }
  });
}
