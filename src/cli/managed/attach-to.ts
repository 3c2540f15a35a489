/** Attaching from the command line: the key, the words afterwards, the exit code. */
import { isatty } from 'node:tty';
import { ClaudexError } from '../../errors/claudex-error.ts';
import { attach } from '../../host-client/attach.ts';
import { controlCode } from '../../host-client/detach-key.ts';
import type { ManagedRecord } from '../../protocol/managed.ts';
import { readSettings } from '../../settings/read.ts';

/** @throws ClaudexError NO_TERMINAL, NOT_RUNNING, BAD_SETTING, and those of attach */
export async function attachTo(one: ManagedRecord, { readOnly }: { readOnly: boolean }): Promise<void> {
  if (!isatty(0) || !isatty(1)) throw new ClaudexError('NO_TERMINAL');
  if (one.state !== 'running' && one.state !== 'starting') {
    throw new ClaudexError('NOT_RUNNING', `It is ${one.state}${one.exit ? `: ${one.exit.reason}` : ''}.`);
  }
  const key = readSettings(process.env).values['attach.detachKey'];
  const detachCode = controlCode(key);
  if (detachCode === undefined) {
    throw new ClaudexError('BAD_SETTING', `attach.detachKey takes ctrl- and a character, not "${key}".`);
  }
  const end = await attach({ socketPath: one.socket, readOnly, detachCode });
  const who = one.name ?? one.id;
  if (end.reason === 'detached') process.stderr.write(`Detached; ${who} runs on: claudex attach ${who}\n`);
  else if (end.reason === 'lost') throw new ClaudexError('HOST_UNREACHABLE', `${who} has gone without a word.`);
  else process.stderr.write(`${who} has ended. To go on: claudex resume ${who} --attach\n`);
  // the keys that were still on their way must not keep us
  process.exit(0);
}
