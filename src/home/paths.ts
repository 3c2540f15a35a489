/** Where claudex keeps things. One owner for every path below CLAUDEX_HOME, and for making that folder private. */
import { accessSync, chmodSync, constants, existsSync, lstatSync, mkdirSync, readFileSync, type Stats } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ClaudexError, systemErrorCode } from '../errors/claudex-error.ts';

/** sun_path holds 108 bytes on Linux and 104 on macOS, the closing NUL included. */
const maxSocketPathBytes = 100;

export interface ClaudexPaths {
  home: string;
  /** The daemon's unix socket. */
  socket: string;
  /** Names the socket's path for shell scripts; exists while a daemon runs. */
  socketAddress: string;
  /** Held by the one daemon of this home. */
  lock: string;
  journal: string;
  sessions: string;
  /** Names given with `claudex name`. */
  names: string;
  /** One rendered badge per claude session_id. */
  badges: string;
  log: string;
  config: string;
  /** Copies of the hook scripts that the installed entries name, so that they outlive a moved package. */
  hooks: string;
  installRecord: string;
  /** The settings that one launch of claude is given, while it runs: `<our pid>.json`. */
  launch: string;
  /** All that the worker of `claudex prompt` keeps. */
  warm: string;
  warmSocket: string;
  /** Held by the one worker of this home. */
  warmLock: string;
  warmLog: string;
  /** All that `claudex serve` keeps: a folder for each workspace. */
  serve: string;
  serveLog: string;
}

/** HOME, else what the system has for this user; `/` for a user that it does not know (a container's made-up uid). */
export function userHome(env: NodeJS.ProcessEnv = process.env): string {
  try {
    return env.HOME || homedir();
  } catch {
    return '/'; // ENOENT: no such user
  }
}

/** All paths for this environment. Pure: creates nothing. */
export function claudexPaths(env: NodeJS.ProcessEnv = process.env): ClaudexPaths {
  const home = resolve(env.CLAUDEX_HOME || join(userHome(env), '.claudex'));
  return {
    home,
    socket: socketPath(home, env, 'daemon.sock'),
    socketAddress: join(home, 'daemon.addr'),
    lock: join(home, 'daemon.lock'),
    journal: join(home, 'journal.ndjson'),
    sessions: join(home, 'sessions.json'),
    names: join(home, 'names.json'),
    badges: join(home, 'badges'),
    log: join(home, 'logs', 'daemon.log'),
    config: join(home, 'config.json'),
    hooks: join(home, 'hooks'),
    installRecord: join(home, 'install.json'),
    launch: join(home, 'launch'),
    warm: join(home, 'warm'),
    warmSocket: socketPath(home, env, join('warm', 'worker.sock')),
    warmLock: join(home, 'warm', 'worker.lock'),
    warmLog: join(home, 'warm', 'worker.log'),
    serve: join(home, 'serve'),
    serveLog: join(home, 'logs', 'serve.log'),
  };
}

function socketPath(home: string, env: NodeJS.ProcessEnv, name: string): string {
  const plain = join(home, name);
  if (Buffer.byteLength(plain) <= maxSocketPathBytes) return plain;
  // loaded here only: node:crypto would cost every start 3 ms
  const { createHash } = process.getBuiltinModule('node:crypto');
  const digest = createHash('sha256').update(home).digest('hex').slice(0, 16);
  const runtime = env.XDG_RUNTIME_DIR || tmpdir();
  return join(
    runtime,
    `claudex-${process.getuid?.() ?? 0}`,
    name === 'daemon.sock' ? `${digest}.sock` : `${digest}-worker.sock`,
  );
}

/**
 * Makes sure `path` is a directory of ours with mode 0700; creates it if missing.
 * @throws ClaudexError HOME_NOT_PRIVATE when it belongs to somebody else or is a link into somebody else's folder,
 *   HOME_UNWRITABLE when it cannot be made
 */
export function ensurePrivateDir(path: string): void {
  try {
    makeDir(path);
  } catch (cause) {
    throw homeUnwritable(path, cause);
  }
  const { mode } = ownFolder(path);
  if ((mode & 0o077) !== 0) chmodSync(path, 0o700);
}

/** What ensurePrivateDir would say of `path`, which stays as it is. @throws ClaudexError HOME_NOT_PRIVATE, HOME_UNWRITABLE */
export function checkPrivateDir(path: string): void {
  let there = path;
  while (!existsSync(there)) there = dirname(there);
  if (there === path) ownFolder(path);
  try {
    accessSync(there, constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw homeUnwritable(path, cause);
  }
}

function ownFolder(path: string): Stats {
  const stat = lstatSync(path);
  const uid = process.getuid?.();
  if (!stat.isDirectory()) throw new ClaudexError('HOME_NOT_PRIVATE', `${path} is not a plain folder.`);
  if (uid !== undefined && stat.uid !== uid) {
    throw new ClaudexError('HOME_NOT_PRIVATE', `${path} belongs to uid ${stat.uid}, you are ${uid}.`);
  }
  return stat;
}

/**
 * Makes the folder `path`, mode 0700, and those above it; leaves alone what stands there.
 * HACK: a recursive mkdir of Node 20 on a read-only disk says ENOENT, so it is asked for only where a folder above is missing.
 */
export function makeDir(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') mkdirSync(path, { recursive: true, mode: 0o700 });
    else if (systemErrorCode(error) !== 'EEXIST') throw error;
  }
}

const full = ['ENOSPC', 'EDQUOT'];
const forbidden = ['EROFS', 'EACCES', 'EPERM'];

/** `error` as HOME_UNWRITABLE where it is the system's and says that `home` takes no writes; any other as it is. */
export function asHomeError(error: unknown, home: string): unknown {
  const code = systemErrorCode(error) ?? '';
  if (!full.includes(code) && !forbidden.includes(code)) return error;
  const { path, address } = error as { path?: string; address?: string };
  const file = path ?? address;
  // a write to an open file says no name
  const isHome = file === undefined ? full.includes(code) : file === home || file.startsWith(`${home}/`);
  return isHome ? homeUnwritable(home, error) : error;
}

function homeUnwritable(home: string, cause: unknown): ClaudexError {
  const facts = `${home}: ${cause instanceof Error ? cause.message : cause}.`;
  return new ClaudexError('HOME_UNWRITABLE', facts, { cause });
}

/** Claude's own config folder: CLAUDE_CONFIG_DIR, else ~/.claude. */
export function claudeConfigDir(env: NodeJS.ProcessEnv = process.env): string {
  return resolve(env.CLAUDE_CONFIG_DIR || join(userHome(env), '.claude'));
}

/** The root of this installed package (the folder with our package.json). */
export function packageRoot(): string {
  let dir = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(dir, 'package.json'))) dir = dirname(dir);
  return dir;
}

/** Our own version, from package.json. */
export function packageVersion(): string {
  return (JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as { version: string }).version;
}

/** The file that Node is to run to be `claudex`: the built one, or the source when we run from source. */
export function entryPoint(): string {
  const [folder, extension] = import.meta.url.endsWith('.ts') ? ['src', 'ts'] : ['dist/src', 'cjs'];
  return join(packageRoot(), folder!, 'cli', `main.${extension}`);
}
