import type { Command } from 'commander';
import { readInstalledState } from '../../../install-scripts/installed-state.ts';
import { readMcpState } from '../../../install-scripts/mcp-entry.ts';
import { connectDaemon } from '../../daemon-client/ensure-daemon.ts';
import { ClaudexError } from '../../errors.ts';
import { claudexPaths, packageVersion } from '../../paths.ts';
import { loadNodePty } from '../../pty/load-node-pty.ts';
import { configFileProblem } from '../../settings.ts';
import { loadTtyCalls } from '../../tty-calls.ts';
import { colours } from '../render.ts';
import { locateClaude } from '../version.ts';

export interface Problem {
  code: string;
  message: string;
  fix: string;
}

/** `claudex status --json` */
export interface StatusReport {
  daemon: { running: boolean; version: string | null; pid: number | null; uptimeMs: number | null };
  installed: boolean;
  /** Claude knows our MCP server. */
  mcp: boolean;
  claude: { path: string | null; version: string | null };
  sessions: number;
  pending: number;
  problems: Problem[];
}

export function addStatus(program: Command): void {
  program
    .command('status')
    .description('say whether everything is in order, and what to do if not')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  claudex status\n  claudex status --json | jq .problems')
    .action(async (options: { json?: boolean }) => {
      const report = await readStatus(process.env);
      process.stdout.write(options.json ? `${JSON.stringify(report, null, 2)}\n` : statusText(report));
      if (report.problems.length > 0) process.exitCode = 3;
    });
}

/** Looks at everything; starts nothing. */
export async function readStatus(env: NodeJS.ProcessEnv): Promise<StatusReport> {
  const problems: Problem[] = [];
  const note = (error: ClaudexError): void => {
    problems.push({ code: error.code, message: error.message, fix: error.fix });
  };
  const claude = locateClaude(env);
  if (claude.problem) note(claude.problem);
  try {
    loadNodePty();
    loadTtyCalls();
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
  if (status && status.version !== packageVersion()) {
    problems.push({
      code: 'DAEMON_VERSION',
      message: `The daemon is version ${status.version}, this command is ${packageVersion()}.`,
      fix: 'stop it (claudex daemon stop); the next command starts the new one.',
    });
  }
  const { config } = claudexPaths(env);
  const damaged = configFileProblem(config);
  if (damaged !== undefined) {
    problems.push({
      code: 'CONFIG_UNREADABLE',
      message: `${config} cannot be read, so its settings are not used: ${damaged}.`,
      fix: 'mend the file by hand, or remove it.',
    });
  }
  const installed = readInstalledState(env);
  problems.push(...installProblems(installed));
  const mcp = readMcpState(env);
  if (mcp.state === 'stale') {
    problems.push({
      code: 'MCP_STALE',
      message: `The MCP server in ${mcp.path} is of another claudex or another Node, which may be gone.`,
      fix: 'run `claudex install` again.',
    });
  }
  for (const session of status?.silent ?? []) {
    problems.push({
      code: 'SESSION_SILENT',
      message: `Session ${session.id} (${session.cwd}) reports nothing: its hooks have never run.`,
      fix: 'trust its folder when claude asks; restart it if it was started before `claudex install`; check that hooks are not switched off (disableAllHooks, --bare, policy).',
    });
  }
  return {
    daemon: {
      running: status !== undefined,
      version: status?.version ?? null,
      pid: status?.pid ?? null,
      uptimeMs: status?.uptimeMs ?? null,
    },
    installed: installed.state === 'installed',
    mcp: mcp.state === 'installed' || mcp.state === 'foreign',
    claude: { path: claude.path, version: claude.version },
    sessions: status?.sessions ?? 0,
    pending: status?.pending ?? 0,
    problems,
  };
}

function installProblems(installed: ReturnType<typeof readInstalledState>): Problem[] {
  const problems: Problem[] = [];
  if (installed.state === 'partial') {
    problems.push({
      code: 'INSTALL_PARTIAL',
      message: `Some of our entries are missing from ${installed.settingsPath}.`,
      fix: 'run `claudex install` again.',
    });
  }
  if (installed.state === 'unreadable') {
    const error = new ClaudexError('USER_SETTINGS_UNREADABLE', `${installed.settingsPath}.`);
    problems.push({ code: error.code, message: error.message, fix: error.fix });
  }
  if (installed.disabled !== undefined) {
    problems.push({
      code: 'HOOKS_DISABLED',
      message: `Claude will run no hook: ${installed.disabled}.`,
      fix: 'take that setting away if you want bare sessions to be known; sessions started by claudex get messages all the same.',
    });
  }
  return problems;
}

function statusText(report: StatusReport): string {
  const chalk = colours(process.stdout);
  const { daemon, claude } = report;
  const lines = [
    `daemon     ${daemon.running ? `runs (pid ${daemon.pid}, version ${daemon.version}, up ${Math.round((daemon.uptimeMs ?? 0) / 1000)} s)` : 'does not run (starts by itself when needed)'}`,
    `installed  ${report.installed ? 'yes' : 'no (sessions started with `claudex` work all the same; `claudex install` adds bare ones)'}`,
    `mcp        ${report.mcp ? 'yes (sessions have the tools of claudex)' : 'no (`claudex install` tells claude of the server)'}`,
    `claude     ${claude.path === null ? 'not found' : `${claude.version ?? 'unknown version'} (${claude.path})`}`,
    `sessions   ${report.sessions}`,
    `waiting    ${report.pending} messages`,
  ];
  for (const problem of report.problems) {
    lines.push('', `${chalk.red(problem.code)} ${problem.message}`, `Fix: ${problem.fix}`);
  }
  return `${lines.join('\n')}\n`;
}
