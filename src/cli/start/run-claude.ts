/** `claudex [claude args…]`: the real claude, on a pty of ours when it is a session, else with our own stdio. */
import { realpathSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { isatty } from 'node:tty';
import { readInstalledState } from '../../../install-scripts/installed-state.ts';
import { findClaude, leadsBack } from '../../claude/binary.ts';
import { opensSession, resumedSessionId } from '../../claude/command-line/invocation.ts';
import { readsUserSettings, withLaunchSettings } from '../../claude/command-line/launch-settings.ts';
import { environmentForClaude } from '../../claude/environment.ts';
import { claudexSettings } from '../../claude/hooks/hook-settings.ts';
import { readProjectFile } from '../../claude/project-files.ts';
import { leastHookEvents } from '../../claude/session/capabilities.ts';
import { ClaudexError, toClaudexError } from '../../errors/claudex-error.ts';
import { packageRoot } from '../../home/package.ts';
import { claudexPaths } from '../../home/paths.ts';
import { oneLine } from '../../protocol/sanitise.ts';
import type { Settings } from '../../settings/definitions.ts';
import { defaultSettings, readSettings } from '../../settings/read.ts';
import { mirrorExit } from '../../supervisor/endings.ts';
import type { SupervisorEnd } from '../../supervisor/run-supervisor.ts';
import type { PtyExit } from '../../terminal/pty/spawn-pty.ts';
import { printError } from '../text/print-error.ts';
import { removeSettingsForLaunch, writeSettingsForLaunch } from './settings-file-for-launch.ts';

/** Tells a claudex that claude's name led back to it. */
export const launchedByVariable = 'CLAUDEX_LAUNCHED_BY';

/** Where a terminal or tmux names a window after what runs in it, it takes the first word; else it would say `node`. */
const processTitle = 'claude (claudex)';

/** What keeps claudex from giving claude a terminal, and nobody from claude. */
const withoutTerminal = new Set<string>(['PTY_UNAVAILABLE', 'NO_PSEUDO_TERMINAL']);

/** Runs claude and ends this process the way claude ended. `input` takes the place of standard input. */
export async function runClaude(args: readonly string[], input?: string): Promise<void> {
  try {
    const { env } = process;
    const settings = readSettingsForRun(env);
    await refuseToRecurse(env);
    const file = findClaude({ env, setting: settings['claude.path'] ?? undefined });
    process.title = processTitle;
    const isSession = isatty(0) && isatty(1) && opensSession(args) && !(await showsBackgroundSession(args, env));
    const end = isSession ? await runSession(file, args, settings) : await withoutPty(file, args, input);
    if ('handedOver' in end) leaveRunning(end.handedOver);
    else mirrorExit(end);
  } catch (error) {
    const known = toClaudexError(error);
    printError(known);
    // not the exit code alone: a crashed session still holds its terminals open
    process.exit(known.exitCode);
  }
}

/** Claude shows a session that runs in the background, and refuses to where it is given settings, such as ours. */
async function showsBackgroundSession(args: readonly string[], env: NodeJS.ProcessEnv): Promise<boolean> {
  const id = resumedSessionId(args);
  return id !== undefined && (await import('./background-session.ts')).isBackgroundSession(id, env);
}

/** Claude is not ours any more, and runs on. */
function leaveRunning(id: string): never {
  try {
    writeSync(2, `Detached; ${id} runs on: claudex attach ${id}\n`);
  } catch {
    // expected: the terminal has gone
  }
  process.exit(0);
}

async function runSession(file: string, args: readonly string[], settings: Settings): Promise<SupervisorEnd> {
  const { env } = process;
  const cwd = workingDirectory(env);
  const { runSupervisor } = await import('../../supervisor/run-supervisor.ts');
  let end: SupervisorEnd | undefined;
  try {
    end = await runSupervisor({
      file,
      args: argumentsWithHooks(args, cwd, settings),
      cwd,
      env: { ...environmentForClaude(env), [launchedByVariable]: String(process.pid) },
      ownArgs: args,
      ownEnv: env,
      onHangup: settings['session.onHangup'] === 'keep' ? 'keep' : 'end',
    });
    return end;
  } catch (error) {
    if (!(error instanceof ClaudexError) || !withoutTerminal.has(error.code)) throw error;
    process.stderr.write(
      `claudex: ${oneLine(error.message)} Claude runs as if started without claudex. Fix: ${error.fix}\n`,
    );
    return withoutPty(file, args);
  } finally {
    // a claude that runs on has them still
    if (!end || !('handedOver' in end)) removeSettingsForLaunch(claudexPaths(env));
  }
}

/**
 * A script named claude that starts claudex would start itself for ever.
 * @throws ClaudexError CLAUDE_NOT_FOUND when the claudex that started us meant to start claude
 */
async function refuseToRecurse(env: NodeJS.ProcessEnv): Promise<void> {
  const launcher = Number(env[launchedByVariable]);
  if (!launcher) return;
  const { parentPid } = await import('../../process/identity.ts');
  if (process.ppid !== launcher && parentPid(process.ppid) !== launcher) return;
  throw new ClaudexError('CLAUDE_NOT_FOUND', leadsBack);
}

/** A bad setting must not keep anybody from claude: it is named, and the defaults are used. */
export function readSettingsForRun(env: NodeJS.ProcessEnv): Settings {
  try {
    return readSettings(env).values;
  } catch (error) {
    const known = toClaudexError(error);
    if (known.code !== 'BAD_SETTING') throw error;
    process.stderr.write(`claudex: ${oneLine(known.message)} Using the defaults.\n`);
    return defaultSettings();
  }
}

/** Installed: claude's own settings carry the hooks. Not installed, or those not read: this launch does, and ~/.claude stays. */
export function argumentsWithHooks(args: readonly string[], cwd: string, settings: Settings): readonly string[] {
  const { env } = process;
  const installed = readInstalledState(env, leastHookEvents);
  const hasUserSettings = readsUserSettings(args);
  if (installed.hooks && hasUserSettings) return args;
  const paths = claudexPaths(env);
  const ours = claudexSettings({ hooksDir: join(packageRoot(), 'hooks'), home: paths.home });
  const hasStatusLine = hasUserSettings && (installed.userHasStatusLine || installed.statusLine);
  return withLaunchSettings(args, ours, {
    cwd,
    statusLine: settings['badge.enabled'] && !hasStatusLine && !projectHasStatusLine(cwd),
    asFile: (text) => writeSettingsForLaunch(paths, text),
  });
}

/** A project's own status line would be hidden by ours: `--settings` goes before project settings. */
function projectHasStatusLine(cwd: string): boolean {
  return ['settings.json', 'settings.local.json'].some((name) =>
    readProjectFile(join(cwd, '.claude', name))?.includes('"statusLine"'),
  );
}

/** The folder as the shell names it (through links), where that is true; else the physical one. */
function workingDirectory(env: NodeJS.ProcessEnv): string {
  let physical = '.'; // a folder that has been removed has no other name: what that means is claude's to say
  try {
    physical = process.cwd();
    if (env.PWD && realpathSync(env.PWD) === physical) return env.PWD;
  } catch {
    // PWD names nothing, or the folder is gone
  }
  return physical;
}

/** Loaded only where it is needed: a session does without node:child_process. */
async function withoutPty(file: string, args: readonly string[], input?: string): Promise<PtyExit> {
  const { passThrough } = await import('./pass-through.ts');
  const env = { ...environmentForClaude(process.env), [launchedByVariable]: String(process.pid) };
  return passThrough(file, args, env, input);
}
