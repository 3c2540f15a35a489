/** Another machine's claudex, for the commands that go there. The one entry of this bundle: undici is in it and nowhere else. */
import type { Elsewhere } from '../daemon-client/elsewhere.ts';
import { elsewhereOver } from './elsewhere-over.ts';
import { FarApi } from './far-api.ts';
import { farViewer } from './far-viewer.ts';
import { findMachine, type Machine } from './machines.ts';

export { plainFingerprint } from '../http/certificate-fingerprint.ts';
export {
  checkEncrypted,
  checkMachineName,
  keepMachine,
  listMachines,
  type Machine,
  machineUrl,
  removeMachine,
} from './machines.ts';
export { pairMachine, parsePairingLink } from './pair-machine.ts';
export { shownCertificate } from './shown-certificate.ts';

/** What a token lets one do there. */
export interface FarDevice {
  name: string;
  scopes: string[];
}

/** The machine that `--host` means. Nothing is asked of it yet. @throws ClaudexError NO_SUCH_MACHINE, FAR_TOKEN_MISSING, FAR_URL, FAR_PLAIN_HTTP */
export function machineElsewhere(env: NodeJS.ProcessEnv, wanted: string): Elsewhere {
  const machine = findMachine(env, wanted);
  const api = new FarApi(machine);
  return {
    ...elsewhereOver(machine.name, api),
    connectViewer: (id, hello) => farViewer(api, id, hello),
  };
}

/** Who its token makes us there. @throws ClaudexError FAR_UNREACHABLE, FAR_NOT_TRUSTED, FAR_TOKEN_REFUSED */
export async function deviceOn(machine: Machine): Promise<FarDevice> {
  return (await new FarApi(machine).ask<{ device: FarDevice }>('GET', '/me')).device;
}
