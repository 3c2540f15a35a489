import { homedir, tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';

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
  /** One record for each managed session: `<id>.json`. */
  managed: string;
  /** What the hosts of managed sessions keep while they run: `<id>.json`, `<id>.sock`, `<id>.log`, `<id>.lock`. */
  hosts: string;
  /** Names given with `claudex name`. */
  names: string;
  /** One rendered badge per claude session_id. */
  badges: string;
  log: string;
  /** What claude has asked, and who has answered. */
  questionsLog: string;
  config: string;
  /** Copies of the hook scripts that the installed entries name, so that they outlive a moved package. */
  hooks: string;
  /** How those start the daemon (src/home/starter.ts). */
  starter: string;
  /** There while the daemon is not to be started by hooks, because a person has stopped it. */
  stopped: string;
  /** What a hook of ours has last failed of: one line, whose file tells when. */
  hookFailed: string;
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
  /** All that `claudex web` keeps: who has been let in, where it listens. */
  web: string;
  webLog: string;
  /** All that `claudex mesh` keeps: what this machine has joined, who else is there. */
  mesh: string;
  /** Where commands ask other machines, by the bridge. */
  meshSocket: string;
  meshLog: string;
  /** The machines of `claudex host`, with their tokens. */
  machines: string;
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
    managed: join(home, 'managed'),
    hosts: join(home, 'hosts'),
    names: join(home, 'names.json'),
    badges: join(home, 'badges'),
    log: join(home, 'logs', 'daemon.log'),
    questionsLog: join(home, 'logs', 'questions.ndjson'),
    config: join(home, 'config.json'),
    hooks: join(home, 'hooks'),
    starter: join(home, 'hooks', 'starter'),
    stopped: join(home, 'daemon.stopped'),
    hookFailed: join(home, 'hook-failed'),
    installRecord: join(home, 'install.json'),
    launch: join(home, 'launch'),
    warm: join(home, 'warm'),
    warmSocket: socketPath(home, env, join('warm', 'worker.sock')),
    warmLock: join(home, 'warm', 'worker.lock'),
    warmLog: join(home, 'warm', 'worker.log'),
    serve: join(home, 'serve'),
    serveLog: join(home, 'logs', 'serve.log'),
    web: join(home, 'web'),
    webLog: join(home, 'logs', 'web.log'),
    mesh: join(home, 'mesh'),
    meshSocket: socketPath(home, env, join('mesh', 'asks.sock')),
    meshLog: join(home, 'logs', 'mesh.log'),
    machines: join(home, 'machines.json'),
  };
}

function socketPath(home: string, env: NodeJS.ProcessEnv, name: string): string {
  const plain = join(home, name);
  if (Buffer.byteLength(plain) <= maxSocketPathBytes) return plain;
  // loaded here only: node:crypto would cost every start 3 ms
  const { createHash } = process.getBuiltinModule('node:crypto');
  const digest = createHash('sha256').update(home).digest('hex').slice(0, 16);
  const file = name === 'daemon.sock' ? `${digest}.sock` : `${digest}-${basename(name)}`;
  const inRuntime = (runtime: string): string => join(runtime, `claudex-${process.getuid?.() ?? 0}`, file);
  const elsewhere = inRuntime(env.XDG_RUNTIME_DIR || tmpdir());
  return Buffer.byteLength(elsewhere) <= maxSocketPathBytes ? elsewhere : inRuntime('/tmp');
}

/** What the host of a managed session has: its socket, what it says of itself, what it writes on stderr, the lock that there is one. */
export function hostPaths(
  id: string,
  env: NodeJS.ProcessEnv = process.env,
): { socket: string; file: string; log: string; lock: string } {
  const { home, hosts } = claudexPaths(env);
  return {
    socket: socketPath(home, env, join('hosts', `${id}.sock`)),
    file: join(hosts, `${id}.json`),
    log: join(hosts, `${id}.log`),
    lock: join(hosts, `${id}.lock`),
  };
}

/** Claude's own config folder: CLAUDE_CONFIG_DIR, else ~/.claude. */
export function claudeConfigDir(env: NodeJS.ProcessEnv = process.env): string {
  return resolve(env.CLAUDE_CONFIG_DIR || join(userHome(env), '.claude'));
}
