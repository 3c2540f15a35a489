/** One question to every other machine of the mesh at the same time. Those that do not let this one ask are named, not waited for. */
import type { Elsewhere } from '../../daemon-client/elsewhere.ts';
import { ClaudexError, toClaudexError } from '../../errors/claudex-error.ts';
import { readJoined, readSeen } from '../../mesh/mesh-files.ts';
import { refuseSession } from '../not-by-a-session.ts';

export interface FromMachine<T> {
  machine: string;
  answer: T;
}

/**
 * Answers by machine, in the order of their names; on standard error, in one line, who has not answered and why.
 * @throws ClaudexError MESH_NOT_JOINED, NOT_BY_A_SESSION
 */
export async function askEveryMachine<T>(ask: (there: Elsewhere) => Promise<T>): Promise<Array<FromMachine<T>>> {
  const { env } = process;
  if (!readJoined(env)) throw new ClaudexError('MESH_NOT_JOINED');
  await refuseSession(env);
  const { meshElsewhere } = await import('../../mesh/mesh-elsewhere.ts');
  const silent: string[] = [];
  const asked = (readSeen(env)?.machines ?? []).map(async ({ name, away }) => {
    try {
      if (away) throw new ClaudexError('MESH_MACHINE_AWAY');
      return [{ machine: name, answer: await ask(meshElsewhere(env, name)) }];
    } catch (error) {
      silent.push(`${name} (${whyNot(toClaudexError(error))})`);
      return [];
    }
  });
  const answers = (await Promise.all(asked)).flat();
  if (silent.length > 0) process.stderr.write(`Not told by ${silent.sort().join(', ')}.\n`);
  return answers;
}

function whyNot({ code, message }: ClaudexError): string {
  if (code === 'MESH_NOT_ALLOWED') return 'does not allow it';
  return code === 'MESH_MACHINE_AWAY' ? 'away' : message;
}
