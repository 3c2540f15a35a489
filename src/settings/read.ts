/**
 * Settings as they are read and checked.
 * Order of precedence: environment, config file, default. Reading is plain JSON so that start-up stays
 * fast; writing goes through `conf` (src/settings/write.ts).
 */
import { readFileSync, statSync } from 'node:fs';
import { ClaudexError, systemErrorCode } from '../errors/claudex-error.ts';
import { claudexPaths } from '../home/paths.ts';
import { type SettingDefinition, type SettingKey, type Settings, settingDefinitions } from './definitions.ts';

/** What setTimeout takes; a longer time would be over at once. */
const largestInteger = 2 ** 31 - 1;

/** @throws ClaudexError UNKNOWN_SETTING */
export function settingDefinition(key: string): SettingDefinition {
  const definition = settingDefinitions.find((one) => one.key === key);
  if (!definition) throw new ClaudexError('UNKNOWN_SETTING', `Asked for "${key}".`);
  return definition;
}

/** A setting's value from text (environment or command line). @throws ClaudexError BAD_SETTING */
export function parseSetting(definition: SettingDefinition, text: string): string | boolean | number {
  if (definition.type === 'string') {
    if (fits(definition, text)) return text;
    const takes = definition.takes ?? definition.choices?.join(', ');
    throw new ClaudexError('BAD_SETTING', `${definition.key} takes ${takes}, not "${text}".`);
  }
  if (definition.type === 'boolean') {
    if (/^(true|1|yes|on)$/i.test(text)) return true;
    if (/^(false|0|no|off)$/i.test(text)) return false;
    throw new ClaudexError('BAD_SETTING', `${definition.key} takes true or false, not "${text}".`);
  }
  const value = Number(text);
  if (text.trim() === '' || !fits(definition, value)) {
    throw new ClaudexError(
      'BAD_SETTING',
      `${definition.key} takes a whole number from ${definition.minimum ?? 0} to ${largestInteger}, not "${text}".`,
    );
  }
  return value;
}

/**
 * The config file's value. A file of somebody else's is none of ours: it would say which program is started as claude.
 * @throws Error for a file that is not there, not ours, or not JSON
 */
function readOwnConfig(path: string): unknown {
  const { uid } = statSync(path);
  if (uid !== 0 && uid !== process.geteuid?.()) throw new Error(`${path} belongs to uid ${uid}`);
  return JSON.parse(readFileSync(path, 'utf8'));
}

/** Why the config file cannot be used; undefined when it can, or when there is none. */
export function configFileProblem(path: string): string | undefined {
  try {
    readOwnConfig(path);
    return undefined;
  } catch (error) {
    return systemErrorCode(error) === 'ENOENT' ? undefined : String(error);
  }
}

/** The config file's values by dotted key; an unreadable file counts as empty (`claudex status` reports it). */
export function readConfigFile(path: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = readOwnConfig(path);
  } catch {
    return {}; // none yet, damaged, or not ours
  }
  const flat: Record<string, unknown> = {};
  for (const { key } of settingDefinitions) {
    let current: unknown = value;
    for (const part of key.split('.')) {
      current =
        typeof current === 'object' && current !== null ? (current as Record<string, unknown>)[part] : undefined;
    }
    if (current !== undefined) flat[key] = current;
  }
  return flat;
}

/** What `claudex config set` would have taken; a file edited by hand may hold anything. */
function fits(definition: SettingDefinition, value: unknown): value is string | boolean | number {
  if (definition.choices !== undefined) return definition.choices.includes(value as string);
  if (definition.pattern !== undefined) return typeof value === 'string' && definition.pattern.test(value);
  if (definition.type !== 'integer') return typeof value === definition.type;
  return (
    Number.isSafeInteger(value) && (value as number) >= (definition.minimum ?? 0) && (value as number) <= largestInteger
  );
}

/** Every setting as if nothing were set. */
export function defaultSettings(): Settings {
  return ofEach((one) => one.default) as Settings;
}

export type SettingSource = 'environment' | 'file' | 'default';

/** Every setting's value and where it comes from. @throws ClaudexError BAD_SETTING for a bad environment value. */
export function readSettings(env: NodeJS.ProcessEnv): { values: Settings; sources: Record<SettingKey, SettingSource> } {
  const file = readConfigFile(claudexPaths(env).config);
  const found = ofEach((one) => findValue(one, env[one.env], file[one.key]));
  const values = ofEach(({ key }) => found[key].value) as Settings;
  return { values, sources: ofEach(({ key }) => found[key].source) };
}

function findValue(
  definition: SettingDefinition,
  fromEnv: string | undefined,
  fromFile: unknown,
): { value: SettingDefinition['default']; source: SettingSource } {
  if (fromEnv !== undefined && fromEnv !== '') {
    return { value: parseSetting(definition, fromEnv), source: 'environment' };
  }
  if (fits(definition, fromFile)) return { value: fromFile, source: 'file' };
  return { value: definition.default, source: 'default' };
}

function ofEach<T>(make: (definition: SettingDefinition & { key: SettingKey }) => T): Record<SettingKey, T> {
  return Object.fromEntries(settingDefinitions.map((one) => [one.key, make(one)])) as Record<SettingKey, T>;
}
