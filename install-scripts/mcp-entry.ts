/**
 * Our MCP server in claude's user config (`mcpServers` of .claude.json, docs/claude-facts.md#mcp-servers): written and removed by claude's own
 * `claude mcp`, because every running claude rewrites that file; by a minimal edit only where that does not work.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { applyEdits, type JSONPath, modify, type ParseError, parse } from 'jsonc-parser';
import { findClaude } from '../src/claude/binary.ts';
import { environmentForClaude } from '../src/claude/environment.ts';
import { systemErrorCode } from '../src/errors/claudex-error.ts';
import { packageRoot, packageVersion } from '../src/home/package.ts';
import { claudexPaths, userHome } from '../src/home/paths.ts';
import { readSettings } from '../src/settings/read.ts';
import { type InstalledMcp, readInstallRecord, writeInstallRecord } from './install-record.ts';
import { readSettingsFile, removeSettingsFile, rewritten, writeSettingsFile } from './settings-file.ts';

const serverName = 'claudex';
/** `claude mcp` takes 0.3 to 0.7 s on our test machine. */
const claudeTimeoutMs = 20_000;

/** What claude starts. */
interface McpEntry {
  type: 'stdio';
  command: string;
  args: string[];
  env?: Record<string, string>;
}

export interface McpState {
  /** `stale`: ours, of another place or version. `foreign`: somebody else’s entry has our name. */
  state: 'installed' | 'stale' | 'foreign' | 'absent' | 'unreadable';
  path: string;
}

export interface McpOptions {
  env: NodeJS.ProcessEnv;
  /** Report what would be done, write nothing. */
  dryRun?: boolean;
}

export interface McpReport {
  /** True when an entry was (on a dry run: would be) written or removed. */
  changed: boolean;
  /** What there is to say, one line each. */
  lines: string[];
}

/** Looks into claude's user config; never throws for what is in the file. */
export function readMcpState(env: NodeJS.ProcessEnv): McpState {
  const path = userConfigPath(env);
  const config = readConfig(path);
  if (config === undefined) return { state: 'unreadable', path };
  const entry = config.mcpServers?.[serverName];
  if (entry === undefined) return { state: 'absent', path };
  if (!isOurs(entry)) return { state: 'foreign', path };
  const wanted = entryFor(env);
  const same = (key: keyof McpEntry): boolean =>
    JSON.stringify(entry[key] ?? null) === JSON.stringify(wanted[key] ?? null);
  const isCurrent = same('command') && same('args') && (same('env') || JSON.stringify(entry.env) === '{}');
  return { state: isCurrent ? 'installed' : 'stale', path };
}

/**
 * Tells claude of our server at user scope, or brings an older entry up to date. An entry of that name that is not ours stays.
 * @throws ClaudexError USER_SETTINGS_UNWRITABLE
 */
export function installMcpServer({ env, dryRun = false }: McpOptions): McpReport {
  const { state, path } = readMcpState(env);
  if (state === 'installed') return { changed: false, lines: [] };
  if (state === 'foreign') {
    return {
      changed: false,
      lines: [`Note: ${path} has an MCP server named claudex that is not ours; it stays as it is.`],
    };
  }
  if (state === 'unreadable') {
    return { changed: false, lines: [`Note: ${path} cannot be read as JSON, so the MCP server was not added.`] };
  }
  const entry = entryFor(env);
  const lines = [`+ mcpServers.claudex = ${JSON.stringify(entry)}  (${path})`];
  if (dryRun) return { changed: true, lines };

  const madeFile = !existsSync(path);
  const hadServers = readConfig(path)?.mcpServers !== undefined;
  if (state === 'stale') runClaude(env, ['remove', '-s', 'user', serverName]);
  const byClaude = runClaude(env, ['add-json', '-s', 'user', serverName, JSON.stringify(entry)]);
  if (readMcpState(env).state !== 'installed') edit(path, ['mcpServers', serverName], entry);
  if (readMcpState(env).state !== 'installed') throw rewritten(path);
  const record = readInstallRecord(claudexPaths(env).installRecord);
  const known = record?.mcp?.[path];
  const installed = known ?? {
    configDir: env.CLAUDE_CONFIG_DIR || null,
    madeFile: madeFile && !byClaude,
    madeServers: !hadServers && !byClaude,
  };
  writeInstallRecord(claudexPaths(env).installRecord, {
    version: packageVersion(),
    files: record?.files ?? {},
    mcp: { ...record?.mcp, [path]: installed },
  });
  return { changed: true, lines };
}

/** Takes our entry out of every config it was put into; nothing else. Call before the install record goes. */
export function uninstallMcpServer({ env, dryRun = false }: McpOptions): McpReport {
  const recorded = readInstallRecord(claudexPaths(env).installRecord)?.mcp ?? {};
  const here = userConfigPath(env);
  const places: Record<string, InstalledMcp | undefined> = { [here]: undefined, ...recorded };
  const lines: string[] = [];
  for (const [path, installed] of Object.entries(places)) {
    if (!isOurs(readConfig(path)?.mcpServers?.[serverName])) continue;
    lines.push(`- mcpServers.claudex  (${path})`);
    if (dryRun) continue;
    const { CLAUDE_CONFIG_DIR: _, ...rest } = env;
    const configDir = installed === undefined ? env.CLAUDE_CONFIG_DIR : installed.configDir;
    runClaude(configDir ? { ...rest, CLAUDE_CONFIG_DIR: configDir } : rest, ['remove', '-s', 'user', serverName]);
    if (readConfig(path)?.mcpServers?.[serverName] !== undefined) removeByEdit(path, installed);
  }
  return { changed: lines.length > 0, lines };
}

/** Without claude: the entry goes, and with it what an edit of ours had to make around it, where that is empty. */
function removeByEdit(path: string, installed: InstalledMcp | undefined): void {
  const isEmpty = (value: object | undefined): boolean => value !== undefined && Object.keys(value).length === 0;
  edit(path, ['mcpServers', serverName], undefined);
  if (isEmpty(readConfig(path)?.mcpServers)) edit(path, ['mcpServers'], installed?.madeServers ? undefined : {});
  if (installed?.madeFile && isEmpty(readConfig(path))) removeSettingsFile(path);
}

/** `.claude.json` is beside ~/.claude, or inside CLAUDE_CONFIG_DIR. */
function userConfigPath(env: NodeJS.ProcessEnv): string {
  return join(env.CLAUDE_CONFIG_DIR ? resolve(env.CLAUDE_CONFIG_DIR) : userHome(env), '.claude.json');
}

/** Node by its own path: an app that starts claude may have another PATH than a shell has. */
function entryFor(env: NodeJS.ProcessEnv): McpEntry {
  const { home } = claudexPaths(env);
  const isDefaultHome = home === claudexPaths({ HOME: env.HOME }).home;
  const args = [join(packageRoot(), 'bin', 'claudex.js'), 'mcp-server'];
  return { type: 'stdio', command: process.execPath, args, ...(!isDefaultHome && { env: { CLAUDEX_HOME: home } }) };
}

function isOurs(entry: Partial<McpEntry> | undefined): boolean {
  const args = entry?.args;
  return (
    Array.isArray(args) && args.length === 2 && args[1] === 'mcp-server' && /\/bin\/claudex\.js$/.test(String(args[0]))
  );
}

interface UserConfig {
  mcpServers?: Record<string, Partial<McpEntry>>;
}

/** `{}` when there is no file, undefined when it is no JSON object. */
function readConfig(path: string): UserConfig | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    return systemErrorCode(error) === 'ENOENT' ? {} : undefined;
  }
  const errors: ParseError[] = [];
  const value: unknown = text.trim() === '' ? {} : parse(text, errors);
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject && errors.length === 0 ? (value as UserConfig) : undefined;
}

/** True when `claude mcp …` ended well. */
function runClaude(env: NodeJS.ProcessEnv, args: string[]): boolean {
  try {
    const file = findClaude({ env, setting: readSettings(env).values['claude.path'] ?? undefined });
    execFileSync(file, ['mcp', ...args], {
      cwd: userHome(env),
      env: { ...environmentForClaude(env), CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1' },
      stdio: 'ignore',
      timeout: claudeTimeoutMs,
    });
    return true;
  } catch {
    return false; // no claude, or one that does not know the command: the file is edited instead
  }
}

function edit(path: string, place: JSONPath, value: unknown): void {
  const file = readSettingsFile(path);
  const { text } = file;
  const body = text.trim() === '' ? '{}\n' : text;
  const formattingOptions = { insertSpaces: true, tabSize: 2, eol: body.includes('\r\n') ? '\r\n' : '\n' };
  writeSettingsFile(file, applyEdits(body, modify(body, place, value, { formattingOptions })));
}
