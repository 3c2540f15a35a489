/** Attaching from the command line: the key, the words afterwards, the exit code. */
import { isatty } from 'node:tty';
import type { DaemonClient } from '../../daemon-client/client.ts';
import { ClaudexError } from '../../errors/claudex-error.ts';
import { type AttachEnd, attach } from '../../host-client/attach.ts';
import { controlCode } from '../../host-client/detach-key.ts';
import { readSettings } from '../../settings/read.ts';
import { type AfterAttach, afterAttach } from './after-attach.ts';
import { type Viewable, viewerSocket } from './viewable.ts';

/**
 * Shows it until somebody detaches or it has ended; one that is started again meanwhile is shown again.
 * @throws ClaudexError NO_TERMINAL, BAD_SETTING, and those of attach
 */
export async function attachTo(
  client: DaemonClient,
  one: Viewable,
  { readOnly }: { readOnly: boolean },
): Promise<never> {
  if (!isatty(0) || !isatty(1)) throw new ClaudexError('NO_TERMINAL');
  const key = readSettings(process.env).values['attach.detachKey'];
  const detachCode = controlCode(key);
  if (detachCode === undefined) {
    throw new ClaudexError('BAD_SETTING', `attach.detachKey takes ctrl- and a character, not "${key}".`);
  }
  let socketPath = await viewerSocket(client, one);
  for (;;) {
    const end = await attach({ socketPath, readOnly, detachCode });
    const next = await whatNext(client, one, end);
    if (next.socketPath !== undefined) {
      socketPath = next.socketPath;
      continue;
    }
    if (next.error) throw next.error;
    process.stderr.write(`${next.words}\n`);
    // the keys that were still on their way must not keep us
    process.exit(0);
  }
}

async function whatNext(client: DaemonClient, one: Viewable, end: AttachEnd): Promise<AfterAttach> {
  const { name } = one;
  if (end.reason === 'detached') return { words: `Detached; ${name} runs on: claudex attach ${name}` };
  return afterAttach(client, one, end, () => {
    process.stderr.write(`${name} is being started again; Ctrl-C leaves it alone.\n`);
  });
}
