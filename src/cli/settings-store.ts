/** Writing settings: through `conf`, into CLAUDEX_HOME/config.json. Reading is src/settings.ts. */
import Conf from 'conf';
import { claudexPaths, ensurePrivateDir } from '../paths.ts';
import type { SettingDefinition } from '../setting-definitions.ts';
import { parseSetting } from '../settings.ts';

function open(env: NodeJS.ProcessEnv): Conf<Record<string, unknown>> {
  const { home } = claudexPaths(env);
  ensurePrivateDir(home);
  return new Conf({ cwd: home, configName: 'config', configFileMode: 0o600, projectName: 'claudex' });
}

/** @throws ClaudexError BAD_SETTING; the file is unchanged then */
export function storeSetting(env: NodeJS.ProcessEnv, definition: SettingDefinition, text: string): void {
  open(env).set(definition.key, parseSetting(definition, text));
}

export function removeSetting(env: NodeJS.ProcessEnv, definition: SettingDefinition): void {
  open(env).delete(definition.key);
}
