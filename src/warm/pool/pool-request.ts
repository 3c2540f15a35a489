/** What goes into the pool and what it tells: options, one request, events. */
import { createHash } from 'node:crypto';
import { filesReadAtStart } from '../../claude/command-line/files-read-at-start.ts';
import { environmentForClaude } from '../../claude/environment.ts';
import type { EvictReason, PoolLimits } from './pool-book.ts';
import type { LaunchSpec } from './stream-child.ts';
import type { TurnEars } from './turn.ts';
import type { Spent } from './warm-process.ts';

export interface PoolOptions extends PoolLimits {
  acquireTimeoutMs: number;
  spawnTimeoutMs: number;
  /** Asked of every new process before its first request, at the price of an API call; '' for none. */
  warmupPrompt: string;
}

/** What happens in the pool, for logs and counters. `pid` is claude's. */
export type PoolEvent =
  | { event: 'spawn'; pid: number; key: string; for: 'waiter' | 'spare'; readyMs: number }
  | { event: 'reuse'; pid: number; key: string; requestId: string; served: number }
  | { event: 'reset'; pid: number; key: string; tookMs: number }
  | { event: 'recycle'; pid: number; key: string; reason: Spent | 'used-once' | 'timeout' }
  | { event: 'evict'; pid: number; key: string; reason: EvictReason }
  | { event: 'timeout'; pid: number; key: string; requestId: string }
  | { event: 'crash'; pid: number; key: string; requestId: string | null };

/** What a pool holds now. `pid` is 0 while claude is not started. */
export interface PoolState {
  processes: Array<{ pid: number; key: string; cwd: string; state: string; served: number }>;
  waiting: number;
}

export interface PoolRequest extends TurnEars {
  requestId: string;
  spec: LaunchSpec;
  prompt: string;
  signal?: AbortSignal;
  timeoutMs: number;
  /** A process of its own, ended afterwards and never made fresh before: what a cold `claude -p` is. */
  cold?: boolean;
}

/** What is fixed at the start of claude, as one word; the files that claude reads only then are part of it. */
export function launchKey(spec: LaunchSpec): string {
  const env = Object.entries(environmentForClaude(spec.env)).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify([spec.file, spec.args, spec.cwd, env, filesReadAtStart(spec)]))
    .digest('hex')
    .slice(0, 16);
}
