/** Writing settings: through `conf`, into CLAUDEX_HOME/config.json. Reading is src/settings/read.ts. */
import Conf from 'conf';
import { ClaudexError } from '../errors/claudex-error.ts';
import { claudexPaths } from '../home/paths.ts';
import { ensurePrivateDir } from '../home/private-folder.ts';
import type { SettingDefinition } from './definitions.ts';
import { configFileProblem, parseSetting } from './read.ts';

function open(env: NodeJS.ProcessEnv): Conf<Record<string, unknown>> {
  const { home, config } = claudexPaths(env);
  ensurePrivateDir(home);
  const problem = configFileProblem(config);
  if (problem !== undefined) throw new ClaudexError('CONFIG_UNREADABLE', `${config}: ${problem}.`);
  return new Conf({ cwd: home, configName: 'config', configFileMode: 0o600, projectName: 'claudex' });
}

/** @throws ClaudexError BAD_SETTING, CONFIG_UNREADABLE; the file is unchanged then */
export function storeSetting(env: NodeJS.ProcessEnv, definition: SettingDefinition, text: string): void {
  open(env).set(definition.key, parseSetting(definition, text));
}

/** @throws ClaudexError CONFIG_UNREADABLE; the file is unchanged then */
export function removeSetting(env: NodeJS.ProcessEnv, definition: SettingDefinition): void {
  open(env).delete(definition.key);
}
