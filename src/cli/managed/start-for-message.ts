/** A managed session for a message that has nobody to go to. */
import { environmentForClaude } from '../../claude/environment.ts';
import type { DaemonClient } from '../../daemon-client/client.ts';
import { ClaudexError } from '../../errors/claudex-error.ts';
import { folderOf } from './folder-of.ts';

/**
 * The id of a session in that folder: a new one, or the one that somebody else has started there at the same moment.
 * @throws ClaudexError NO_SUCH_FOLDER, and those of a start
 */
export async function startForMessage(client: DaemonClient, folder: string): Promise<string> {
  if (!folder.startsWith('/'))
    throw new ClaudexError('USAGE', `--start takes a folder's path (., ~/work/api), not "${folder}".`);
  const cwd = folderOf(folder);
  try {
    const { id } = await client.startManaged({
      cwd,
      args: [],
      env: environmentForClaude(process.env),
      claudeSessionId: null,
      keepWarm: false,
      restart: 'crash',
    });
    return id;
  } catch (error) {
    if (!(error instanceof ClaudexError) || error.code !== 'MANAGED_EXISTS') throw error;
    const other = (await client.managed()).find((one) => one.cwd === cwd && one.name === null);
    if (!other) throw error;
    return other.id;
  }
}
