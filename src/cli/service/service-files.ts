/** Puts the daemon's unit or agent where the system looks for it, and takes it away again. Only files of ours are touched. */
import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, readFileSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ClaudexError, systemErrorCode } from '../../errors/claudex-error.ts';
import { stableEntryPoint } from '../../home/package.ts';
import { claudexPaths, userHome } from '../../home/paths.ts';
import { replaceFile } from '../../home/replace-file.ts';
import { launchdAgent, launchdLabel, type ServiceCommand, systemdUnit, systemdUnitName } from './service-text.ts';

export type ServiceKind = 'systemd' | 'launchd';

export interface Service {
  kind: ServiceKind;
  /** The unit or the agent. */
  path: string;
  /** What makes systemd start the unit at a login. */
  enabledBy: string | undefined;
  text: string;
}

export interface ServiceStatus {
  kind: ServiceKind;
  path: string;
  installed: boolean;
  /** It is started at a login. */
  enabled: boolean;
  /** It starts this Node and this claudex. */
  upToDate: boolean;
}

/** @throws ClaudexError SERVICE_UNSUPPORTED on a system that has neither */
export function serviceOf(env: NodeJS.ProcessEnv, platform: NodeJS.Platform = process.platform): Service {
  const paths = claudexPaths(env);
  const command: ServiceCommand = {
    node: process.execPath,
    claudex: stableEntryPoint(),
    errorLog: join(dirname(paths.log), 'service.log'),
    home: env.CLAUDEX_HOME ? paths.home : undefined,
  };
  if (platform === 'darwin') {
    const path = join(userHome(env), 'Library', 'LaunchAgents', `${launchdLabel}.plist`);
    return { kind: 'launchd', path, enabledBy: undefined, text: launchdAgent(command) };
  }
  if (platform !== 'linux') throw new ClaudexError('SERVICE_UNSUPPORTED', `This is ${platform}.`);
  const folder = join(env.XDG_CONFIG_HOME || join(userHome(env), '.config'), 'systemd', 'user');
  return {
    kind: 'systemd',
    path: join(folder, systemdUnitName),
    enabledBy: join(folder, 'default.target.wants', systemdUnitName),
    text: systemdUnit(command),
  };
}

export function serviceStatus({ kind, path, enabledBy, text }: Service): ServiceStatus {
  const installed = existsSync(path);
  const enabled = installed && (enabledBy === undefined || isLinkTo(enabledBy, path));
  return { kind, path, installed, enabled, upToDate: installed && readFileSync(path, 'utf8') === text };
}

/** Writes it and has the system read it. @returns what the system says where it does not take it now: it does at the next login */
export function installService({ kind, path, enabledBy, text }: Service): string | undefined {
  mkdirSync(dirname(path), { recursive: true });
  replaceFile(path, text, { mode: 0o600 });
  if (enabledBy !== undefined && !isLinkTo(enabledBy, path)) {
    // what `systemctl --user enable` does; it works without a user manager that runs
    mkdirSync(dirname(enabledBy), { recursive: true });
    rmSync(enabledBy, { force: true });
    symlinkSync(path, enabledBy);
  }
  if (kind === 'systemd') return tell('systemctl', ['--user', 'daemon-reload']);
  tell('launchctl', ['bootout', domain(), path]);
  return tell('launchctl', ['bootstrap', domain(), path]);
}

/** @returns false where there was none */
export function uninstallService({ kind, path, enabledBy }: Service): boolean {
  if (enabledBy !== undefined) rmSync(enabledBy, { force: true });
  if (!existsSync(path)) return false;
  // the daemon that it has started goes on: sessions need it
  if (kind === 'launchd') tell('launchctl', ['remove', launchdLabel]);
  rmSync(path);
  if (kind === 'systemd') tell('systemctl', ['--user', 'daemon-reload']);
  return true;
}

/** As `uninstallService`, for whoever does not know whether there is any. @returns what was removed */
export function removeService(env: NodeJS.ProcessEnv): string | undefined {
  if (process.platform !== 'linux' && process.platform !== 'darwin') return undefined;
  const service = serviceOf(env);
  return uninstallService(service) ? service.path : undefined;
}

function isLinkTo(link: string, path: string): boolean {
  return lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink() === true && readlinkSync(link) === path;
}

function domain(): string {
  return `gui/${process.getuid?.() ?? 0}`;
}

/** What the command has to say where it fails, undefined where it does not. */
function tell(command: string, args: readonly string[]): string | undefined {
  try {
    execFileSync(command, args, { stdio: 'pipe', timeout: 10_000 });
    return undefined;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return `there is no ${command}`;
    const { stderr, message } = error as Error & { stderr?: Buffer };
    return (stderr?.toString().trim() || message).split('\n')[0];
  }
}
