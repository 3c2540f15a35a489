/**
 * Why claude would run no hook of ours in a session, as far as its files tell (docs/claude-facts.md#hooks): settings that switch
 * hooks off, a policy, a folder that nobody has trusted, an option of the command line.
 */
import { dirname, join } from 'node:path';
import { claudeConfigDir, userHome } from '../../home/paths.ts';
import { readProjectFile } from '../project-files.ts';

/** Where an administrator's settings are, on Linux and on macOS. */
const managedSettings = [
  '/etc/claude-code/managed-settings.json',
  '/Library/Application Support/ClaudeCode/managed-settings.json',
];

export interface HookQuestion {
  /** The session's folder. */
  cwd: string;
  /** The words that its claude was started with, where they can be known. */
  args: readonly string[];
  env: NodeJS.ProcessEnv;
  /** An administrator's settings, where they are elsewhere. */
  policies?: readonly string[];
}

/** Every reason that there is, in words; empty when none is known. */
export function whyNoHooks({ cwd, args, env, policies = managedSettings }: HookQuestion): string[] {
  const reasons: string[] = [];
  for (const path of policies) {
    const policy = settingsIn(path);
    if (policy?.allowManagedHooksOnly === true) reasons.push(`allowManagedHooksOnly is true in ${path}`);
    if (policy?.disableAllHooks === true) reasons.push(`disableAllHooks is true in ${path}`);
  }
  const own = ['settings.json', 'settings.local.json'].map((name) => join(cwd, '.claude', name));
  for (const path of [join(claudeConfigDir(env), 'settings.json'), ...own]) {
    if (settingsIn(path)?.disableAllHooks === true) reasons.push(`disableAllHooks is true in ${path}`);
  }
  const switched = args.find((word) => word === '--bare' || word === '--safe-mode');
  if (switched !== undefined) reasons.push(`it was started with ${switched}`);
  if (isUntrusted(cwd, env)) reasons.push(`nobody has trusted ${cwd}: claude asks when it is started there`);
  return reasons;
}

/** Trust is kept for a folder and holds for those below it; that of the home folder is kept nowhere. */
function isUntrusted(cwd: string, env: NodeJS.ProcessEnv): boolean {
  const home = userHome(env);
  if (cwd === home) return false;
  const config = env.CLAUDE_CONFIG_DIR ? join(claudeConfigDir(env), '.claude.json') : join(home, '.claude.json');
  const projects = settingsIn(config)?.projects;
  if (typeof projects !== 'object' || projects === null) return false;
  const known = projects as Record<string, { hasTrustDialogAccepted?: unknown } | undefined>;
  for (let folder = cwd; ; folder = dirname(folder)) {
    if (known[folder]?.hasTrustDialogAccepted === true) return false;
    if (folder === dirname(folder)) return true;
  }
}

/** Undefined where there is no file, or one that claude could not read either. */
function settingsIn(path: string): Record<string, unknown> | undefined {
  const text = readProjectFile(path);
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text.replace(/^\uFEFF/, ''));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined; // said elsewhere: USER_SETTINGS_REFUSED
  }
}
