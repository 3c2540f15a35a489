/**
 * Every setting: its key, type, default, environment variable and meaning. One owner; docs/settings.md is checked against it.
 * Order of precedence: environment, config file, default. Reading is plain JSON so that start-up stays
 * fast; writing goes through `conf` (src/cli/settings-store.ts).
 */
import { readFileSync } from 'node:fs';
import { ClaudexError, systemErrorCode } from './errors.ts';
import { claudexPaths } from './paths.ts';

export interface SettingDefinition {
  key: string;
  type: 'string' | 'boolean' | 'integer';
  default: string | boolean | number | null;
  /** Environment variable that overrides the file. */
  env: string;
  /** For `integer`. */
  minimum?: number;
  /** For `string`: the only values it takes. */
  choices?: readonly string[];
  text: string;
}

export const settingDefinitions = [
  {
    key: 'claude.path',
    type: 'string',
    default: null,
    env: 'CLAUDEX_CLAUDE_BIN',
    text: 'The claude to run. Unset: the first one in PATH that is not claudex.',
  },
  {
    key: 'badge.enabled',
    type: 'boolean',
    default: true,
    env: 'CLAUDEX_BADGE',
    text: 'Show the badge in the status line of sessions that claudex starts before it is installed.',
  },
  {
    key: 'delivery.typePeers',
    type: 'boolean',
    default: false,
    env: 'CLAUDEX_TYPE_PEERS',
    text: 'Type messages of other sessions and programs as if you had typed them. Off: they arrive as a peer’s.',
  },
  {
    key: 'delivery.gatePatienceMs',
    type: 'integer',
    minimum: 0,
    default: 2000,
    env: 'CLAUDEX_GATE_PATIENCE_MS',
    text: 'How long a prompt box may stay occupied (a draft, somebody typing) before a task takes another way in.',
  },
  {
    key: 'delivery.leaseMs',
    type: 'integer',
    minimum: 1000,
    default: 30000,
    env: 'CLAUDEX_LEASE_MS',
    text: 'How long a delivery may stay unproven before the message goes back to the queue.',
  },
  {
    key: 'notify.enabled',
    type: 'boolean',
    default: true,
    env: 'CLAUDEX_NOTIFY',
    text: 'Show a desktop notification when a task waits on a session that needs a person.',
  },
  {
    key: 'peers.allow',
    type: 'string',
    choices: ['all', 'same-tree', 'none'],
    default: 'all',
    env: 'CLAUDEX_PEERS_ALLOW',
    text: 'Who may message whom among sessions and programs: all, same-tree (one’s folder is inside the other’s), none.',
  },
  {
    key: 'peers.maxHops',
    type: 'integer',
    minimum: 1,
    default: 8,
    env: 'CLAUDEX_PEERS_MAX_HOPS',
    text: 'How many messages sessions may pass on to each other, one out of the turn of the other, without a person.',
  },
  {
    key: 'peers.perMinute',
    type: 'integer',
    minimum: 1,
    default: 20,
    env: 'CLAUDEX_PEERS_PER_MINUTE',
    text: 'How many messages one session may send to one other within a minute.',
  },
  {
    key: 'warm.poolSize',
    type: 'integer',
    minimum: 1,
    default: 4,
    env: 'CLAUDEX_WARM_POOL_SIZE',
    text: 'How many claude processes `claudex prompt` keeps at most. Each takes about 300 MB.',
  },
  {
    key: 'warm.idleMs',
    type: 'integer',
    minimum: 1000,
    default: 600000,
    env: 'CLAUDEX_WARM_IDLE_MS',
    text: 'How long they, and the worker that holds them, stay when nobody asks.',
  },
  {
    key: 'warm.coldFallback',
    type: 'boolean',
    default: false,
    env: 'CLAUDEX_WARM_COLD_FALLBACK',
    text: 'Run `claude -p` itself where a warm process cannot do as it would. Off: refuse, and say why.',
  },
  {
    key: 'serve.workspaces',
    type: 'string',
    default: null,
    env: 'CLAUDEX_SERVE_WORKSPACES',
    text: 'The folder whose folders `claudex serve` serves, where --workspaces does not say.',
  },
  {
    key: 'serve.port',
    type: 'integer',
    minimum: 0,
    default: 4747,
    env: 'CLAUDEX_SERVE_PORT',
    text: 'The TCP port of `claudex serve`, where --port does not say.',
  },
  {
    key: 'serve.concurrency',
    type: 'integer',
    minimum: 1,
    default: 2,
    env: 'CLAUDEX_SERVE_CONCURRENCY',
    text: 'How many requests run at once in each workspace, and how many claude processes it has at most.',
  },
  {
    key: 'serve.queue',
    type: 'integer',
    minimum: 0,
    default: 16,
    env: 'CLAUDEX_SERVE_QUEUE',
    text: 'How many requests may wait in each workspace; the next one is refused with 429.',
  },
  {
    key: 'serve.timeoutMs',
    type: 'integer',
    minimum: 1000,
    default: 600000,
    env: 'CLAUDEX_SERVE_TIMEOUT_MS',
    text: 'How long a request may take, waiting included.',
  },
  {
    key: 'serve.idleMs',
    type: 'integer',
    minimum: 1000,
    default: 300000,
    env: 'CLAUDEX_SERVE_IDLE_MS',
    text: 'How long the processes of a workspace stay when nobody asks.',
  },
] as const satisfies readonly SettingDefinition[];

export type SettingKey = (typeof settingDefinitions)[number]['key'];

export interface Settings {
  'claude.path': string | null;
  'badge.enabled': boolean;
  'delivery.typePeers': boolean;
  'delivery.gatePatienceMs': number;
  'delivery.leaseMs': number;
  'notify.enabled': boolean;
  'peers.allow': 'all' | 'same-tree' | 'none';
  'peers.maxHops': number;
  'peers.perMinute': number;
  'warm.poolSize': number;
  'warm.idleMs': number;
  'warm.coldFallback': boolean;
  'serve.workspaces': string | null;
  'serve.port': number;
  'serve.concurrency': number;
  'serve.queue': number;
  'serve.timeoutMs': number;
  'serve.idleMs': number;
}

/** @throws ClaudexError UNKNOWN_SETTING */
export function settingDefinition(key: string): SettingDefinition {
  const definition = settingDefinitions.find((one) => one.key === key);
  if (!definition) throw new ClaudexError('UNKNOWN_SETTING', `Asked for "${key}".`);
  return definition;
}

/** A setting's value from text (environment or command line). @throws ClaudexError BAD_SETTING */
export function parseSetting(definition: SettingDefinition, text: string): string | boolean | number {
  if (definition.type === 'string') {
    if (definition.choices === undefined || definition.choices.includes(text)) return text;
    throw new ClaudexError('BAD_SETTING', `${definition.key} takes ${definition.choices.join(', ')}, not "${text}".`);
  }
  if (definition.type === 'boolean') {
    if (/^(true|1|yes|on)$/i.test(text)) return true;
    if (/^(false|0|no|off)$/i.test(text)) return false;
    throw new ClaudexError('BAD_SETTING', `${definition.key} takes true or false, not "${text}".`);
  }
  const value = Number(text);
  if (text.trim() === '' || !Number.isSafeInteger(value) || value < (definition.minimum ?? 0)) {
    throw new ClaudexError(
      'BAD_SETTING',
      `${definition.key} takes a whole number from ${definition.minimum ?? 0}, not "${text}".`,
    );
  }
  return value;
}

/** Why the config file cannot be used; undefined when it can, or when there is none. */
export function configFileProblem(path: string): string | undefined {
  try {
    JSON.parse(readFileSync(path, 'utf8'));
    return undefined;
  } catch (error) {
    return systemErrorCode(error) === 'ENOENT' ? undefined : String(error);
  }
}

/** The config file's values by dotted key; an unreadable file counts as empty (`claudex status` reports it). */
export function readConfigFile(path: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return {}; // none yet, or damaged
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
function fits(definition: SettingDefinition, value: unknown): boolean {
  if (definition.choices !== undefined) return definition.choices.includes(value as string);
  if (definition.type !== 'integer') return typeof value === definition.type;
  return Number.isSafeInteger(value) && (value as number) >= (definition.minimum ?? 0);
}

/** Every setting as if nothing were set. */
export function defaultSettings(): Settings {
  return Object.fromEntries(settingDefinitions.map((one) => [one.key, one.default])) as unknown as Settings;
}

export type SettingSource = 'environment' | 'file' | 'default';

/** Every setting's value and where it comes from. @throws ClaudexError BAD_SETTING for a bad environment value. */
export function readSettings(env: NodeJS.ProcessEnv): { values: Settings; sources: Record<SettingKey, SettingSource> } {
  const file = readConfigFile(claudexPaths(env).config);
  const values: Record<string, unknown> = {};
  const sources: Record<string, SettingSource> = {};
  for (const definition of settingDefinitions as readonly SettingDefinition[]) {
    const fromEnv = env[definition.env];
    const fromFile = file[definition.key];
    if (fromEnv !== undefined && fromEnv !== '') {
      values[definition.key] = parseSetting(definition, fromEnv);
      sources[definition.key] = 'environment';
    } else if (fits(definition, fromFile)) {
      values[definition.key] = fromFile;
      sources[definition.key] = 'file';
    } else {
      values[definition.key] = definition.default;
      sources[definition.key] = 'default';
    }
  }
  return { values: values as unknown as Settings, sources: sources as Record<SettingKey, SettingSource> };
}
