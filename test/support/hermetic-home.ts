/** A throw-away HOME with an onboarded claude, trusted project folders and its own CLAUDEX_HOME. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { realClaudePath } from './claude-binary.ts';
import { claudexBin, repositoryRoot } from './claudex-bin.ts';
import { isAlive, processCommandLine } from './processes.ts';
import { registerHomePath, registerResource } from './resources.ts';
import { run } from './run-command.ts';

/** The key every hermetic claude uses; claude remembers an approved key by its last 20 characters. */
export const hermeticApiKey = 'sk-ant-hermetic-0123456789abcdefghij';

export interface HermeticHome {
  /** The temporary folder that holds everything below. Short, because unix socket paths are. */
  root: string;
  /** HOME. */
  home: string;
  /** CLAUDEX_HOME. */
  claudexHome: string;
  /** TMPDIR. */
  tmp: string;
  /** The first project folder. */
  cwd: string;
  /** The project folder of that name, as given in `cwdNames`. */
  dir(name: string): string;
  /** The whole environment of a hermetic run; nothing of the test runner's own is in it. */
  env(api?: { url: string }, extra?: Record<string, string>): Record<string, string>;
  /** Stops this home's daemon and removes everything. */
  dispose(): Promise<void>;
}

export interface HermeticHomeOptions {
  /** Names of project folders to create and trust; `['project']` by default. */
  cwdNames?: string[];
}

/** Creates a hermetic home; it is removed at the end of the test when a test bed is in use. */
export function createHermeticHome(options: HermeticHomeOptions = {}): HermeticHome {
  const root = mkdtempSync('/tmp/cxt-');
  const home = join(root, 'home');
  const claudexHome = join(home, '.claudex');
  const tmp = join(root, 'tmp');
  mkdirSync(home);
  mkdirSync(tmp);
  const dirs = new Map<string, string>();
  for (const name of options.cwdNames ?? ['project']) {
    const dir = join(root, 'work', name);
    mkdirSync(dir, { recursive: true });
    dirs.set(name, dir);
  }
  const trusted = [...dirs.values()].flatMap((dir) => [dir, realpathSync(dir)]);
  writeFileSync(
    join(home, '.claude.json'),
    JSON.stringify({
      hasCompletedOnboarding: true,
      theme: 'dark',
      customApiKeyResponses: { approved: [hermeticApiKey.slice(-20)], rejected: [] },
      projects: Object.fromEntries(trusted.map((dir) => [dir, { hasTrustDialogAccepted: true }])),
    }),
  );
  const dir = (name: string): string => {
    const path = dirs.get(name);
    if (path === undefined) throw new Error(`no project folder ${name} in this hermetic home`);
    return path;
  };
  const env: HermeticHome['env'] = (api, extra = {}) => ({
    // Only what our own tools need: node first, then the system's.
    PATH: [join(process.execPath, '..'), '/usr/local/bin', '/usr/bin', '/bin', '/usr/sbin', '/sbin'].join(':'),
    SHELL: '/bin/sh',
    TERM: 'xterm-256color',
    LANG: 'C.UTF-8',
    HOME: home,
    TMPDIR: tmp,
    CLAUDEX_HOME: claudexHome,
    // a loaded machine answers late; what a hook that hangs costs is tested where it is meant
    CLAUDEX_HOOK_SECONDS: '20',
    CLAUDEX_CLAUDE_BIN: realClaudePath(),
    // Nobody listens on port 9: a claude that was given no API reaches nothing.
    ANTHROPIC_BASE_URL: api?.url ?? 'http://127.0.0.1:9',
    ANTHROPIC_API_KEY: hermeticApiKey,
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    DISABLE_TELEMETRY: '1',
    DISABLE_AUTOUPDATER: '1',
    DISABLE_ERROR_REPORTING: '1',
    IS_SANDBOX: '1',
    ...extra,
  });
  const dispose = async (): Promise<void> => {
    unregister();
    try {
      await stopWorker(claudexHome);
      await stopDaemon(claudexHome, env());
      await stopBridge(claudexHome);
      await stopHosts(claudexHome);
    } finally {
      await rm(root, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
    }
  };
  const describe = (): string => {
    const log = join(claudexHome, 'logs', 'daemon.log');
    return existsSync(log) ? `daemon.log:\n${readFileSync(log, 'utf8').slice(-6000)}` : 'no daemon log';
  };
  const unregister = registerResource({ label: `home ${root}`, dispose, describe });
  registerHomePath(root);
  return { root, home, claudexHome, tmp, cwd: dirs.values().next().value ?? root, dir, env, dispose };
}

/** Asks the daemon of `claudexHome` to stop, if its lock file says that one runs; insists when it does not. */
async function stopDaemon(claudexHome: string, env: Record<string, string>): Promise<void> {
  const pid = lockedPid(join(claudexHome, 'daemon.lock'));
  if (pid === undefined || !isAlive(pid)) return;
  const stopped = await run(process.execPath, [claudexBin, 'daemon', 'stop'], { env });
  if (!isAlive(pid)) return;
  const commandLine = processCommandLine(pid);
  if (!commandLine.includes('claudex') && !commandLine.includes(repositoryRoot)) return;
  process.kill(pid, 'SIGTERM');
  if (stopped.code !== 0) {
    throw new Error(`claudex daemon stop: exit ${stopped.code}\n${stopped.stdout}${stopped.stderr}`);
  }
}

/** Ends the worker that keeps claude warm, if its lock file says that one runs; it ends its processes first. */
async function stopWorker(claudexHome: string): Promise<void> {
  const pid = lockedPid(join(claudexHome, 'warm', 'worker.lock'));
  if (pid === undefined || !isAlive(pid) || !processCommandLine(pid).includes('warm run')) return;
  process.kill(pid, 'SIGTERM');
  const deadline = Date.now() + 30_000;
  while (isAlive(pid) && Date.now() < deadline) await delay(10);
}

/** Ends the process that holds the line to a mesh, if one runs. */
async function stopBridge(claudexHome: string): Promise<void> {
  const pid = lockedPid(join(claudexHome, 'mesh', 'bridge.lock'));
  if (pid === undefined || !isAlive(pid) || !processCommandLine(pid).includes('mesh bridge')) return;
  process.kill(pid, 'SIGTERM');
  const deadline = Date.now() + 30_000;
  while (isAlive(pid) && Date.now() < deadline) await delay(10);
}

/** Ends the hosts of managed sessions, which outlive the daemon; claude ends with its host. */
async function stopHosts(claudexHome: string): Promise<void> {
  const folder = join(claudexHome, 'hosts');
  const files = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.json')) : [];
  for (const name of files) {
    const pid = Number(/"host":\{"pid":(\d+)/.exec(readFileSync(join(folder, name), 'utf8'))?.[1]);
    if (!pid || !isAlive(pid) || !/daemon (host|adopt)/.test(processCommandLine(pid))) continue;
    process.kill(pid, 'SIGTERM');
    const deadline = Date.now() + 30_000;
    while (isAlive(pid) && Date.now() < deadline) await delay(10);
  }
}

function lockedPid(lock: string): number | undefined {
  let text: string;
  try {
    text = readFileSync(lock, 'utf8');
  } catch {
    // Expected: this test started no daemon.
    return undefined;
  }
  const pid = Number(/"pid"\s*:\s*(\d+)/.exec(text)?.[1] ?? /^\d+/.exec(text)?.[0]);
  return Number.isInteger(pid) && pid > 1 ? pid : undefined;
}
