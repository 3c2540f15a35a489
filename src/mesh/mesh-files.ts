/** What this machine keeps of the mesh on disk. Loads nothing: `claudex list` reads it without a word to any network. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { claudexPaths } from '../home/paths.ts';
import type { SessionRecord } from '../protocol/session.ts';

/** This machine is in a mesh: where its server is, by which key it is let in, what it is called there. */
export interface Joined {
  name: string;
  /** Of this joining: tells two machines of one name apart. */
  id: string;
  url: string;
  /** The seed of its NKEY. */
  nkey?: string;
  /** A file of credentials, as NATS users have them. */
  creds?: string;
  /** The seed that it signs with, where none of the above is its own. */
  signing?: string;
  /** A file with the authority that the server's certificate is checked against. */
  tlsCa?: string;
}

/** A session of another machine, as that one has last told it. */
export type RemoteSession = Pick<
  SessionRecord,
  | 'id'
  | 'name'
  | 'alias'
  | 'claudeName'
  | 'cwd'
  | 'state'
  | 'waitingFor'
  | 'kind'
  | 'supervised'
  | 'pending'
  | 'stuck'
  | 'version'
  | 'startedAt'
  | 'lastActiveAt'
>;

/** Another machine, as it was last seen. */
export interface SeenMachine {
  name: string;
  version: string;
  /** The public half of its NKEY; empty where it has told none. */
  key: string;
  /** That is another one than it was first seen with (`known-keys.json`). */
  hasOtherKey: boolean;
  /** It takes encrypted bodies alone. */
  isSealing: boolean;
  /** No heartbeat of it has come for a while, or it has said that it goes. */
  away: boolean;
  /** When its last heartbeat was, ISO 8601. */
  seenAt: string | null;
  sessions: RemoteSession[];
  /** Sessions it has beside those: there are more than travel. */
  moreSessions: number;
}

/** What the bridge has seen; it replaces the file whole. */
export interface Seen {
  connected: boolean;
  /** What is wrong, in words. */
  trouble: string | null;
  /** What the server has said to a subscription of mesh.agents that it refuses. */
  agentsTrouble?: string | null;
  machines: SeenMachine[];
}

/** Where all of it lies. */
export interface MeshPaths {
  folder: string;
  joined: string;
  seen: string;
  /** Held by the one bridge of this home. */
  bridgeLock: string;
  bridgeLog: string;
  /** All that `claudex mesh up` keeps. */
  server: string;
}

export function meshPaths(env: NodeJS.ProcessEnv): MeshPaths {
  const { mesh, meshLog } = claudexPaths(env);
  return {
    folder: mesh,
    joined: join(mesh, 'joined.json'),
    seen: join(mesh, 'seen.json'),
    bridgeLock: join(mesh, 'bridge.lock'),
    bridgeLog: meshLog,
    server: join(mesh, 'server'),
  };
}

/** True when this machine is in a mesh: one look at one file. */
export function hasJoined(env: NodeJS.ProcessEnv): boolean {
  return existsSync(meshPaths(env).joined);
}

/** What this machine has joined; undefined when it has joined nothing. */
export function readJoined(env: NodeJS.ProcessEnv): Joined | undefined {
  return readJson<Joined>(meshPaths(env).joined);
}

/** What the bridge has last seen; undefined before its first look. */
export function readSeen(env: NodeJS.ProcessEnv): Seen | undefined {
  return readJson<Seen>(meshPaths(env).seen);
}

/** Each of these files is replaced whole. */
export function readJson<T>(path: string): T | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as T;
  } catch {
    return undefined; // not there
  }
}
