/** A hermetic home with a daemon running from the built `dist/`, as every measurement needs it. */
import { DaemonClient } from '../src/daemon-client/client.ts';
import { claudexPaths } from '../src/home/paths.ts';
import type { SessionRecord } from '../src/protocol/session.ts';
import { runClaudex } from '../test/support/claudex.ts';
import { createHermeticHome, type HermeticHome } from '../test/support/hermetic-home.ts';

export interface BenchHome {
  home: HermeticHome;
  client: DaemonClient;
  daemonPid: number;
}

/** Removed by `disposeResources()`, which main calls after each measurement. */
export async function startBenchHome(cwdNames: string[] = ['project']): Promise<BenchHome> {
  const home = createHermeticHome({ cwdNames });
  // more managed sessions than a person would run
  const started = await runClaudex(['daemon', 'start'], { env: home.env(undefined, { CLAUDEX_SESSIONS_MAX: '100' }) });
  if (started.code !== 0) throw new Error(`claudex daemon start: ${started.stderr}`);
  const client = new DaemonClient(claudexPaths(home.env()).socket);
  const { pid } = await client.status();
  return { home, client, daemonPid: pid };
}

/** Resolves once `wanted` holds for the sessions. @throws Error after `timeoutMs`, with what there was */
export async function waitForSessions(
  client: DaemonClient,
  wanted: (sessions: SessionRecord[]) => boolean,
  timeoutMs = 30_000,
): Promise<SessionRecord[]> {
  const events = await client.events();
  let sessions: SessionRecord[] = [];
  const timer = setTimeout(() => events.close(), timeoutMs);
  try {
    for await (const _ of events) {
      sessions = await client.sessions();
      if (wanted(sessions)) return sessions;
    }
    throw new Error(`not within ${timeoutMs} ms; the sessions are ${JSON.stringify(sessions)}`);
  } finally {
    clearTimeout(timer);
    events.close();
  }
}

/** True when there are `count` sessions of claudex, all at rest. */
export function areIdle(count: number): (sessions: SessionRecord[]) => boolean {
  return (sessions) =>
    sessions.filter((one) => one.supervised && one.state === 'idle' && one.sessionId !== null).length === count;
}
