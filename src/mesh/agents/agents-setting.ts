/** Are this machine's sessions to be agents of the Synadia Agent Protocol? */
import { readSettings } from '../../settings/read.ts';

/** `mesh.agents`, where `mesh.encrypt` is off: encrypted from end to end is nothing of that protocol. Off where a value is none. */
export function offersAgents(env: NodeJS.ProcessEnv): boolean {
  try {
    const { values } = readSettings(env);
    return values['mesh.agents'] && !values['mesh.encrypt'];
  } catch {
    return false;
  }
}
