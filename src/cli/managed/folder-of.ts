import { existsSync, realpathSync, statSync } from 'node:fs';
import { ClaudexError } from '../../errors/claudex-error.ts';

/** The physical path of that folder, as claude names it. @throws ClaudexError USAGE */
export function folderOf(folder: string): string {
  if (!existsSync(folder) || !statSync(folder).isDirectory())
    throw new ClaudexError('USAGE', `${folder} is no folder.`);
  return realpathSync(folder);
}
