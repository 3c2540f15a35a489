/**
 * What one hook event and one badge cost claude: `/bin/sh -c <command>` as it stands in the settings, the event on stdin,
 * a live daemon and a session it knows. This process plays the claude.
 */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { hookCommand, statusLineCommand } from '../src/claude/hooks/hook-settings.ts';
import { claudexPaths } from '../src/home/paths.ts';
import { processStartTime } from '../src/process/identity.ts';
import { repositoryRoot, runClaudex } from '../test/support/claudex.ts';
import { createHermeticHome } from '../test/support/hermetic-home.ts';
import { type BenchHome, startBenchHome } from './bench-home.ts';
import { type Figure, type Measurement, median } from './figure.ts';
import { type Command, interleavedMedians, timeCommand } from './timing.ts';

const sessionId = '00000000-0000-4000-8000-00000000be9c';

export const measureHook: Measurement = async ({ quick }) => {
  const { home, env, disconnect, location } = await connectSession();
  const payload = JSON.stringify({
    session_id: sessionId,
    transcript_path: join(home.root, 'none.jsonl'),
    cwd: home.cwd,
    hook_event_name: 'UserPromptSubmit',
    prompt_id: '1',
    prompt: 'x'.repeat(200),
  });
  const sh = (command: string): Command => ({ file: '/bin/sh', args: ['-c', command], env, stdin: payload });
  const nodeHook = `CLAUDEX_SOCKET='${home.claudexHome}/daemon.sock' CLAUDEX_PPID=$PPID exec node '${location.hooksDir}/claudex-hook-node.cjs'`;
  const medians = await interleavedMedians(
    {
      hook: sh(hookCommand(location)),
      empty: sh(':'),
      nodeEmpty: { file: process.execPath, args: ['-e', '0'], env },
      nodeHook: sh(nodeHook),
    },
    quick ? 4 : 12,
  );
  disconnect();
  const starting = await measureStartingHook(payload, quick ? 3 : 10);
  const target = { max: 12 };
  const figure = (name: string, value: number, baseline: Figure['baseline']): Figure => ({
    measurement: 'hook',
    name,
    value,
    unit: 'ms',
    ...(baseline && { baseline }),
    note: 'batches of 10',
  });
  return [
    { ...figure('one hook event, p50', medians.hook, { name: 'as a Node hook', value: medians.nodeHook }), target },
    figure('the same beside an empty `sh`', medians.hook, { name: '`sh -c :`', value: medians.empty }),
    figure('the same beside an empty Node', medians.hook, { name: '`node -e 0`', value: medians.nodeEmpty }),
    {
      ...figure('the hook that starts the daemon, p50', starting.hook, { name: '`sh -c :`', value: starting.empty }),
      target: { max: starting.empty + 15, name: '`sh -c :` + 15' },
      note: 'one at a time',
    },
  ];
};

/** With claudex installed and no daemon: what claude waits for while the daemon is being started. One at a time. */
async function measureStartingHook(stdin: string, rounds: number): Promise<{ hook: number; empty: number }> {
  const home = createHermeticHome();
  const env = home.env();
  const paths = claudexPaths(env);
  await runClaudex(['install', '--no-mcp'], { env, cwd: home.cwd });
  const command = (text: string): Command => ({ file: '/bin/sh', args: ['-c', text], env, stdin });
  const samples: { hook: number[]; empty: number[] } = { hook: [], empty: [] };
  for (let round = -1; round < rounds; round++) {
    const empty = await timeCommand(command(':'));
    const hook = await timeCommand(command(hookCommand({ hooksDir: paths.hooks, home: paths.home })));
    while (!existsSync(paths.socketAddress)) await delay(10);
    await runClaudex(['daemon', 'stop'], { env, cwd: home.cwd });
    rmSync(paths.stopped);
    if (round < 0) continue;
    samples.empty.push(empty);
    samples.hook.push(hook);
  }
  return { hook: median(samples.hook), empty: median(samples.empty) };
}

export const measureBadge: Measurement = async ({ quick }) => {
  const { env, disconnect, location } = await connectSession();
  const stdin = JSON.stringify({ hook_event_name: 'Status', session_id: sessionId, cwd: '/', model: { id: 'm' } });
  const medians = await interleavedMedians(
    {
      badge: {
        file: '/bin/sh',
        args: ['-c', statusLineCommand(location)],
        env,
        stdin,
        expect: (stdout) => /^(\[\w{8}\]\n)+$/.test(stdout),
      },
      empty: { file: '/bin/sh', args: ['-c', ':'], env },
    },
    quick ? 4 : 12,
  );
  disconnect();
  return [
    {
      measurement: 'badge',
      name: 'one status line, p50',
      value: medians.badge,
      unit: 'ms',
      baseline: { name: '`sh -c :`', value: medians.empty },
      target: { max: 4 },
      note: 'batches of 10',
    },
  ];
};

/** Registers this process as a session with a badge. */
async function connectSession(): Promise<
  BenchHome & { env: Record<string, string>; disconnect: () => void; location: { hooksDir: string; home: string } }
> {
  const bench = await startBenchHome();
  const { home, client } = bench;
  const env = home.env();
  const stream = await client.supervise({
    pid: process.pid,
    startTime: processStartTime(process.pid)!,
    supervisorPid: process.pid,
    cwd: home.cwd,
    configDir: join(home.home, '.claude'),
  });
  const location = { hooksDir: join(repositoryRoot, 'hooks'), home: home.claudexHome };
  const payload = { session_id: sessionId, cwd: home.cwd, hook_event_name: 'SessionStart', source: 'startup' };
  await timeCommand({
    file: '/bin/sh',
    args: ['-c', hookCommand(location)],
    env,
    stdin: JSON.stringify(payload),
  });
  const session = (await client.sessions())[0];
  if (session?.sessionId !== sessionId) throw new Error(`the hook did not arrive: ${JSON.stringify(session)}`);
  return { ...bench, env, location, disconnect: () => stream.close() };
}
