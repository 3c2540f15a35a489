/**
 * Which files claude reads once, when it starts (measured on 2.1.197 and 2.1.330: a changed `model` in settings reaches no
 * running process, a changed CLAUDE.md, skill, permission rule or git status does). A process that is kept must not outlive a
 * change to them.
 */
import { readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { claudeConfigDir, userHome } from '../../home/paths.ts';
import { entriesBelow, type LookBudget } from '../project-files.ts';
import { optionIn, valueWords } from './options.ts';

/** Folders of which every file counts, however it was written. */
const folders = ['agents', 'output-styles'];

/** Entries of those folders that are looked at for one request, all together: a repository decides how many there are. */
const maxEntries = 5000;

let beyondMaxEntries = 0;

/**
 * A word that changes when one of those files does. Costs a `stat` each. With more files than are looked at it is another word
 * each time: nothing is kept that might be out of date.
 */
export function filesReadAtStart(launch: {
  file: string;
  args: readonly string[];
  cwd: string;
  env: NodeJS.ProcessEnv;
}): string {
  const { file, args, cwd, env } = launch;
  const config = claudeConfigDir(env);
  const home = userHome(env);
  const budget: LookBudget = { entries: maxEntries };
  const paths = [
    file,
    '/etc/claude-code/managed-settings.json',
    '/Library/Application Support/ClaudeCode/managed-settings.json',
    join(config, '.credentials.json'),
    join(config, 'plugins', 'installed_plugins.json'),
    // claude looks for these in the folders above as well
    ...withAncestors(cwd).map((dir) => join(dir, '.mcp.json')),
    ...[config, ...withAncestors(cwd).map((dir) => join(dir, '.claude'))].flatMap((dir) => [
      join(dir, 'settings.json'),
      join(dir, 'settings.local.json'),
      ...folders.flatMap((name) => entriesBelow(join(dir, name), budget)),
    ]),
    ...namedFiles(args)
      .map((path) => resolve(cwd, path))
      .flatMap((path) => [path, ...entriesBelow(path, budget)]),
  ];
  const userConfig = env.CLAUDE_CONFIG_DIR ? join(config, '.claude.json') : join(home, '.claude.json');
  const words = [...paths.map(stamp), userServers(userConfig, cwd)];
  if (budget.entries <= 0) words.push(String(beyondMaxEntries++));
  return words.join(' ');
}

function withAncestors(dir: string): string[] {
  const above = dirname(dir);
  return above === dir ? [dir] : [dir, ...withAncestors(above)];
}

function namedFiles(args: readonly string[]): string[] {
  const named = args.flatMap((arg, index) => {
    const found = optionIn(arg);
    if (!found?.option.file) return [];
    return found.inline === undefined ? args.slice(index + 1, index + 1 + valueWords(args, index)) : [found.inline];
  });
  return named.filter((text) => !text.trimStart().startsWith('{'));
}

function stamp(path: string): string {
  try {
    const { mtimeMs, size, ino } = statSync(path);
    return `${ino}:${size}:${mtimeMs}`;
  } catch {
    return '-'; // not there
  }
}

const readServers = new Map<string, { stamp: string; servers: string }>();

/** The MCP servers in the user's `.claude.json`. Claude rewrites that file all the time: its own stamp says nothing. */
function userServers(path: string, cwd: string): string {
  const now = stamp(path);
  const known = readServers.get(path + cwd);
  if (known?.stamp === now) return known.servers;
  // a first start writes the file: that changes nothing
  const dirs = withAncestors(cwd);
  let servers = JSON.stringify([{}, ...dirs.map(() => ({}))]);
  try {
    const value = JSON.parse(readFileSync(path, 'utf8')) as {
      mcpServers?: unknown;
      projects?: Record<string, { mcpServers?: unknown } | undefined>;
    };
    // what belongs to a project is kept under its folder, or that of its repository
    servers = JSON.stringify([value.mcpServers ?? {}, ...dirs.map((dir) => value.projects?.[dir]?.mcpServers ?? {})]);
  } catch {
    // in the middle of a rewrite: what it was, until it can be read
    if (now !== '-') return known?.servers ?? '-';
  }
  readServers.set(path + cwd, { stamp: now, servers });
  return servers;
}
