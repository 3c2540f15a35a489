/** What a viewer does whose line to another machine has ended: goes on where the session runs on, or says how it has ended. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Elsewhere } from '../../daemon-client/elsewhere.ts';
import { type AnySession, everySession } from '../../daemon-client/every-session.ts';
import { ClaudexError } from '../../errors/claudex-error.ts';
import type { AttachEnd } from '../../host-client/attach.ts';
import { stateInWords } from '../../protocol/managed.ts';
import type { AfterAttach } from '../managed/after-attach.ts';
import type { Viewable } from '../managed/viewable.ts';

/** A laptop that wakes, a server that is restarted, a crash that is followed by a pause of up to 20 seconds. */
const waitsMs = 60_000;
const lookEveryMs = 500;
const notUp = ['sleeping', 'stopped', 'crashed', 'ended'];

/** @param waiting is called once when it has not come back at once */
export async function afterFarAttach(
  far: Elsewhere,
  { id, name }: Viewable,
  end: AttachEnd,
  waiting: () => void,
): Promise<AfterAttach> {
  for (let waitedMs = 0; waitedMs < waitsMs; waitedMs += lookEveryMs) {
    const session = await sessionOf(far, id);
    if (session === null) return { words: `${name} has ended.` };
    const managed = session?.managed;
    if (managed && notUp.includes(managed.state)) {
      return {
        words: `${name} is ${stateInWords(managed)}. To go on: claudex --host ${far.name} resume ${name} --attach`,
      };
    }
    if (session && (await isShown(far, id))) return { socketPath: '' };
    if (waitedMs === 0 && end.reason === 'lost') waiting();
    await delay(lookEveryMs);
  }
  return { error: new ClaudexError('HOST_UNREACHABLE', `${name} has not come back.`) };
}

/** Null for one that is not there any more, undefined where nobody answers. */
async function sessionOf({ client }: Elsewhere, id: string): Promise<AnySession | null | undefined> {
  try {
    return (await everySession(client)).find((one) => one.id === id) ?? null;
  } catch {
    return undefined; // asked again while there is time
  }
}

/** Can it be shown again? */
async function isShown(far: Elsewhere, id: string): Promise<boolean> {
  try {
    await far.screen(id, { ansi: false, lines: 1 });
    return true;
  } catch {
    return false; // its host is not there, or not yet
  }
}
