import { existsSync, realpathSync, statSync } from 'node:fs';
import { elsewhere } from '../../daemon-client/elsewhere.ts';
import { pathTarget } from '../../daemon-client/path-target.ts';
import { ClaudexError } from '../../errors/claudex-error.ts';
import { otherMachine } from '../far/go-to-machine.ts';

/** The physical path of that folder, as claude names it; on another machine that one finds it out. @throws ClaudexError NO_SUCH_FOLDER, FAR_PATH */
export function folderOf(folder: string): string {
  // that machine knows whose home it is
  if (otherMachine() !== undefined && /^~(\/|$)/.test(folder)) return folder;
  if (elsewhere()) return pathTarget(folder.includes('/') ? folder : `./${folder}`);
  if (!existsSync(folder) || !statSync(folder).isDirectory())
    throw new ClaudexError('NO_SUCH_FOLDER', `Asked for ${folder}.`);
  return realpathSync(folder);
}
