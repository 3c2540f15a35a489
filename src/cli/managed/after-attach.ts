/** What a viewer does whose host has gone: goes on with the next one, where there is one, or says how the session has ended. */
import { setTimeout as delay } from 'node:timers/promises';
import type { DaemonClient } from '../../daemon-client/client.ts';
import { ClaudexError } from '../../errors/claudex-error.ts';
import type { AttachEnd } from '../../host-client/attach.ts';
import { isListening } from '../../host-client/host-connection.ts';
import { type ManagedRecord, stateInWords } from '../../protocol/managed.ts';
import { isUp } from './managed-target.ts';
import type { Viewable } from './viewable.ts';

/** A crash is followed by a pause of up to 20 seconds before the next start. */
const waitsMs = 45_000;
/** A session that is handed over is a managed one, or not, after this long. */
const becomesManagedMs = 5000;
const lookEveryMs = 100;
/** Somebody who waits longer is told what for. */
const silentMs = 500;

/** Where to go on, or what to say, or what has gone wrong. */
export interface AfterAttach {
  socketPath?: string;
  words?: string;
  error?: ClaudexError;
}

/** @param waiting is called once when it is being started again, and that takes long enough to be told of */
export async function afterAttach(
  client: DaemonClient,
  { id, name, managed }: Viewable,
  end: AttachEnd,
  waiting: () => void,
): Promise<AfterAttach> {
  let isTold = false;
  const tell = (): void => {
    if (!isTold) waiting();
    isTold = true;
  };
  const mayBecomeManaged = managed !== undefined || end.reason === 'moved';
  for (let waitedMs = 0; waitedMs < waitsMs; waitedMs += lookEveryMs) {
    const record = await recordOf(client, id);
    if (!record && (!mayBecomeManaged || waitedMs >= becomesManagedMs)) {
      if (end.reason === 'lost')
        return { error: new ClaudexError('HOST_UNREACHABLE', `${name} has gone without a word.`) };
      return { words: `${name} has ended.` };
    }
    if (record && !isUp(record)) {
      return { words: `${name} is ${stateInWords(record)}. To go on: claudex resume ${name} --attach` };
    }
    if (record && (await isListening(record.socket))) return { socketPath: record.socket };
    // nobody can say so yet of one whose end the daemon has still to notice
    if (waitedMs >= silentMs && record?.state === 'starting') tell();
    await delay(lookEveryMs);
  }
  return { error: new ClaudexError('HOST_UNREACHABLE', `${name} has not come back.`) };
}

/** Undefined also where no daemon says anything. */
async function recordOf(client: DaemonClient, id: string): Promise<ManagedRecord | undefined> {
  try {
    return (await client.managed()).find((one) => one.id === id);
  } catch {
    return undefined; // stopped, or being replaced: asked again while there is time
  }
}
