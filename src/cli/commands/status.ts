import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { hasOtherHookScripts } from '../../../install-scripts/hook-scripts.ts';
import { readInstalledState } from '../../../install-scripts/installed-state.ts';
import { lockOwner } from '../../background/lock.ts';
import { hookEventsOf } from '../../claude/session/capabilities.ts';
import { elsewhere } from '../../daemon-client/elsewhere.ts';
import { connectDaemon } from '../../daemon-client/ensure-daemon.ts';
import { ClaudexError, type ErrorCode } from '../../errors/claudex-error.ts';
import { packageVersion } from '../../home/package.ts';
import { claudexPaths } from '../../home/paths.ts';
import { checkPrivateDir } from '../../home/private-folder.ts';
import { systemClock } from '../../process/clock.ts';
import { oneLine } from '../../protocol/sanitise.ts';
import { configFileProblem } from '../../settings/read.ts';
import { loadNodePty } from '../../terminal/pty/load-node-pty.ts';
import { loadTtyCalls } from '../../terminal/tty-calls.ts';
import { farStatus } from '../far/far-status.ts';
import { type HookTrace, readHookTrace } from '../hook-trace.ts';
import { durationText } from '../text/durations.ts';
import { hookProblems, hookText, missingEntries } from '../text/hook-text.ts';
import { colours } from '../text/render.ts';
import { locateClaude } from '../version.ts';

/** More stuck messages than these are only counted. */
const shownStuck = 5;

export interface Problem {
  code: ErrorCode;
  message: string;
  fix: string;
}

/** `claudex status --json` */
export interface StatusReport {
  daemon: {
    running: boolean;
    version: string | null;
    pid: number | null;
    uptimeMs: number | null;
    /** In how long it ends by itself; null while something needs it. */
    endsInMs: number | null;
  };
  installed: boolean;
  /** Claude knows our MCP server. */
  mcp: boolean;
  claude: { path: string | null; version: string | null };
  sessions: number;
  pending: number;
  /** Messages of which nobody knows whether they went in. */
  stuck: number;
  /** The last event of each session, and what a hook has last failed of. */
  hooks: HookTrace;
  problems: Problem[];
}

export function addStatus(program: Command): void {
  program
    .command('status')
    .description('say whether everything is in order, and what to do if not')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  claudex status\n  claudex status --json | jq .problems')
    .action(async (options: { json?: boolean }) => {
      const far = elsewhere();
      if (far) return farStatus(far, options);
      const report = await readStatus(process.env);
      process.stdout.write(options.json ? `${JSON.stringify(report, null, 2)}\n` : statusText(report));
      if (report.problems.length > 0) process.exitCode = 3;
    });
}

/** Looks at everything; starts nothing. */
export async function readStatus(env: NodeJS.ProcessEnv): Promise<StatusReport> {
  const problems: Problem[] = [];
  const note = (error: ClaudexError): void => {
    // the folder is looked at here, and again on the way to the daemon
    if (problems.some(({ message }) => message === error.message)) return;
    problems.push({ code: error.code, message: error.message, fix: error.fix });
  };
  const claude = await locateClaude(env);
  if (claude.problem) note(claude.problem);
  try {
    loadNodePty();
    loadTtyCalls();
  } catch (error) {
    if (!(error instanceof ClaudexError)) throw error;
    note(error);
  }
  const paths = claudexPaths(env);
  const { home, config, hooks, lock, managed } = paths;
  try {
    checkPrivateDir(home);
  } catch (error) {
    if (!(error instanceof ClaudexError)) throw error;
    note(error);
  }
  const client = await connectDaemon(env).catch((error: unknown) => {
    if (!(error instanceof ClaudexError)) throw error;
    note(error);
    return undefined;
  });
  const status = await client?.status();
  const hung = client ? undefined : lockOwner(lock);
  if (hung) note(new ClaudexError('DAEMON_UNREACHABLE', `It is pid ${hung.pid}.`));
  const version = packageVersion();
  if (status && status.version !== version) {
    note(new ClaudexError('DAEMON_VERSION', `The daemon is version ${status.version}, this command is ${version}.`));
  }
  const damaged = configFileProblem(config);
  if (damaged !== undefined) note(new ClaudexError('CONFIG_UNREADABLE', `${config}: ${damaged}.`));
  for (const file of setAside(managed)) note(new ClaudexError('MANAGED_DAMAGED', `${file}.`));
  const installed = readInstalledState(env, hookEventsOf(claude.version));
  for (const problem of installProblems(installed)) note(problem);
  if (installed.state === 'installed' && hasOtherHookScripts(paths))
    note(new ClaudexError('INSTALL_STALE', `Look at ${hooks}.`));
  // with its JSON parser: no other command should pay for it
  const { readMcpState } = await import('../../../install-scripts/mcp-entry.ts');
  const mcp = readMcpState(env);
  if (mcp.state === 'stale') note(new ClaudexError('MCP_STALE', `It is named in ${mcp.path}.`));
  const hookTrace = readHookTrace({
    sessions: (await client?.sessions()) ?? [],
    silentIds: new Set(status?.silent.map(({ id }) => id)),
    failedPath: paths.hookFailed,
    missingEntries: missingEntries(installed, paths.installRecord),
    env,
    now: systemClock.timeOfDay(),
  });
  for (const problem of hookProblems(hookTrace)) note(problem);
  // a daemon of an older version knows of none
  const stuck = status?.stuck ?? [];
  for (const { id, recipient, reason } of stuck.slice(0, shownStuck))
    note(new ClaudexError('MESSAGE_STUCK', `${id} for ${recipient}: ${reason}.`));
  return {
    daemon: {
      running: status !== undefined,
      version: status?.version ?? null,
      pid: status?.pid ?? null,
      uptimeMs: status?.uptimeMs ?? null,
      endsInMs: status?.endsInMs ?? null,
    },
    installed: installed.state === 'installed',
    mcp: mcp.state === 'installed' || mcp.state === 'foreign',
    claude: { path: claude.path, version: claude.version },
    sessions: status?.sessions ?? 0,
    pending: status?.pending ?? 0,
    stuck: stuck.length,
    hooks: hookTrace,
    problems,
  };
}

function installProblems({
  state,
  settingsPath,
  disabled,
  refused,
}: ReturnType<typeof readInstalledState>): ClaudexError[] {
  const problems: ClaudexError[] = [];
  if (state === 'partial') problems.push(new ClaudexError('INSTALL_PARTIAL', `Look at ${settingsPath}.`));
  if (state === 'unreadable') problems.push(new ClaudexError('USER_SETTINGS_UNREADABLE', `${settingsPath}.`));
  if (refused !== undefined) problems.push(new ClaudexError('USER_SETTINGS_REFUSED', `${refused}.`));
  if (disabled !== undefined) problems.push(new ClaudexError('HOOKS_DISABLED', `${disabled}.`));
  return problems;
}

function daemonText({ running, pid, version, uptimeMs, endsInMs }: StatusReport['daemon'], installed: boolean): string {
  const starters = installed ? 'a command, `claudex` or a new `claude`' : 'a command or `claudex`';
  if (!running) return `does not run (${starters} starts it)`;
  const end = endsInMs === null ? '' : `; nothing needs it: it ends by itself in ${durationText(endsInMs)}`;
  return `runs (pid ${pid}, version ${version}, up ${durationText(uptimeMs ?? 0)}${end})`;
}

function statusText(report: StatusReport): string {
  const chalk = colours(process.stdout);
  const { claude } = report;
  const lines = [
    `daemon     ${daemonText(report.daemon, report.installed)}`,
    `installed  ${report.installed ? 'yes' : 'no (sessions started with `claudex` work all the same; `claudex install` adds bare ones)'}`,
    `mcp        ${report.mcp ? 'yes (sessions have the tools of claudex)' : 'no (`claudex install` tells claude of the server)'}`,
    `claude     ${claude.path === null ? 'not found' : `${claude.version ?? 'unknown version'} (${oneLine(claude.path)})`}`,
    `sessions   ${report.sessions}`,
    `hooks      ${hookText(report.hooks, report.daemon.running)}`,
    `messages   ${report.pending} waiting${report.stuck > 0 ? `, ${report.stuck} stuck` : ''}`,
  ];
  for (const problem of report.problems) {
    lines.push('', `${chalk.red(problem.code)} ${oneLine(problem.message)}`, `Fix: ${problem.fix}`);
  }
  return `${lines.join('\n')}\n`;
}

/** Records of managed sessions that a daemon could not read. */
function setAside(folder: string): string[] {
  const names = existsSync(folder) ? readdirSync(folder) : [];
  return names.filter((name) => name.endsWith('.damaged')).map((name) => join(folder, name));
}
