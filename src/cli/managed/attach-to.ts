/** Attaching from the command line: the key, the words afterwards, the exit code. */
import { isatty } from 'node:tty';
import type { DaemonClient } from '../../daemon-client/client.ts';
import { elsewhere } from '../../daemon-client/elsewhere.ts';
import { everySession } from '../../daemon-client/every-session.ts';
import { ClaudexError } from '../../errors/claudex-error.ts';
import { type AttachEnd, type AttachOptions, attach } from '../../host-client/attach.ts';
import { controlCode } from '../../host-client/detach-key.ts';
import { readSettings } from '../../settings/read.ts';
import { afterFarAttach } from '../far/after-far-attach.ts';
import { type AfterAttach, afterAttach } from './after-attach.ts';
import { type Viewable, viewerSocket } from './viewable.ts';

/**
 * Shows it until somebody detaches or it has ended; one that is started again meanwhile is shown again. With `json` the session is
 * printed then, as it is by then.
 * @throws ClaudexError NO_TERMINAL, BAD_SETTING, and those of attach
 */
export async function attachTo(
  client: DaemonClient,
  one: Viewable,
  { readOnly, json = false }: { readOnly: boolean; json?: boolean },
): Promise<never> {
  if (!isatty(0) || !isatty(1)) throw new ClaudexError('NO_TERMINAL');
  const key = readSettings(process.env).values['attach.detachKey'];
  const detachCode = controlCode(key);
  if (detachCode === undefined) {
    throw new ClaudexError('BAD_SETTING', `attach.detachKey takes ctrl- and a character, not "${key}".`);
  }
  const far = elsewhere();
  let socketPath = far ? '' : await viewerSocket(client, one);
  for (;;) {
    const connect: AttachOptions['connect'] = far && ((hello) => far.connectViewer(one.id, hello));
    const end = await attach({ socketPath, readOnly, detachCode, ...(connect && { connect }) });
    const next = await whatNext(client, one, end);
    if (next.socketPath !== undefined) {
      socketPath = next.socketPath;
      continue;
    }
    if (next.error) throw next.error;
    process.stderr.write(`${next.words}\n`);
    if (json) process.stdout.write(`${JSON.stringify(await leftAs(client, one), null, 2)}\n`);
    // the keys that were still on their way must not keep us
    process.exit(0);
  }
}

/** `gone`: it has ended, and nothing is kept of it. */
async function leftAs(client: DaemonClient, { id, name }: Viewable): Promise<object> {
  const session = (await everySession(client)).find((one) => one.id === id);
  return { id, name, cwd: session?.cwd ?? null, state: session?.state ?? 'gone' };
}

async function whatNext(client: DaemonClient, one: Viewable, end: AttachEnd): Promise<AfterAttach> {
  const { name } = one;
  const far = elsewhere();
  const there = far ? `--host ${far.name} ` : '';
  if (end.reason === 'detached') return { words: `Detached; ${name} runs on: claudex ${there}attach ${name}` };
  const waiting = (what: string): void => void process.stderr.write(`${what}; Ctrl-C leaves it alone.\n`);
  if (far) return afterFarAttach(far, one, end, () => waiting(`The line to ${far.name} is lost, and tried again`));
  return afterAttach(client, one, end, () => waiting(`${name} is being started again`));
}
