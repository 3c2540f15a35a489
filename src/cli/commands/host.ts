/** `claudex daemon host <id>`: what the daemon starts to hold a managed session. Not for people. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { releaseLock, takeLock } from '../../background/lock.ts';
import { reportFailure, reportReady } from '../../background/ready-report.ts';
import { findClaude } from '../../claude/binary.ts';
import { conversationChoice, withoutConversation } from '../../claude/command-line/conversation-arguments.ts';
import { environmentForClaude } from '../../claude/environment.ts';
import { ClaudexError } from '../../errors/claudex-error.ts';
import { packageVersion } from '../../home/package.ts';
import { claudexPaths, hostPaths } from '../../home/paths.ts';
import type { ManagedSession } from '../../protocol/managed.ts';
import { argumentsWithHooks, launchedByVariable, readSettingsForRun } from '../start/run-claude.ts';
import { keepSettingsForLaunch, removeSettingsForLaunch } from '../start/settings-file-for-launch.ts';

/** Below the command of the daemon, which starts it. */
export function addHost(daemon: Command): void {
  daemon.command('host', { hidden: true }).argument('<id>', 'the session').action(runHostCommand);
  daemon.command('adopt', { hidden: true }).argument('<id>', 'the session').action(adopt);
}

/** Holds that session until its claude has ended. @throws ClaudexError, which whoever has started it is told as well */
export async function runHostCommand(id: string): Promise<void> {
  const { env } = process;
  const paths = claudexPaths(env);
  const { socket, file, lock } = hostPaths(id, env);
  try {
    takePlace(lock);
    const session = JSON.parse(readFileSync(join(paths.managed, `${id}.json`), 'utf8')) as ManagedSession;
    const settings = readSettingsForRun(env);
    const [{ startClaude }, { runHost }] = await Promise.all([
      import('../../host/start-claude.ts'),
      import('../../host/run-host.ts'),
    ]);
    const wasResume = session.hasConversation && session.claudeSessionId !== null;
    const held = startClaude({
      id,
      cwd: session.cwd,
      file: findClaude({ env, setting: settings['claude.path'] ?? undefined }),
      args: argumentsWithHooks(claudeArguments(session, wasResume), session.cwd, settings),
      env: { ...capableTerminal(environmentForClaude(env)), [launchedByVariable]: String(process.pid) },
      socketPath: socket,
    });
    await runHost({ ...held, id, ownEnv: env, wasResume, filePath: file, ready: () => reportReady(env) });
  } catch (error) {
    reportFailure(env, error);
    throw error;
  } finally {
    removeSettingsForLaunch(paths);
    releaseLock(lock);
  }
}

/** A session has one host: two daemons may each have started one, the first having died meanwhile. @throws ClaudexError HOST_START_FAILED */
function takePlace(lock: string): void {
  if (!takeLock(lock, packageVersion())) throw new ClaudexError('HOST_START_FAILED', 'Another host has this session.');
}

/** What src/supervisor/hand-over.ts starts. */
async function adopt(id: string): Promise<void> {
  const { env } = process;
  const { lock, ...paths } = hostPaths(id, env);
  try {
    takePlace(lock);
    const { adoptClaude } = await import('../../host/adopt-claude.ts');
    await adoptClaude({
      id,
      env,
      paths,
      taken: (launchedBy) => {
        keepSettingsForLaunch(claudexPaths(env), launchedBy);
        reportReady(env);
      },
    });
  } catch (error) {
    reportFailure(env, error);
    throw error;
  } finally {
    removeSettingsForLaunch(claudexPaths(env));
    releaseLock(lock);
  }
}

/** Its conversation again; or a new one, under an id of ours where its own arguments choose none. */
function claudeArguments({ args, claudeSessionId }: ManagedSession, wasResume: boolean): string[] {
  if (wasResume && claudeSessionId !== null) return ['--resume', claudeSessionId, ...withoutConversation(args)];
  return conversationChoice(args).chooses ? args : ['--session-id', randomUUID(), ...args];
}

/** Nobody's terminal is there at its start: claude gets one that can do what the mirror can. */
function capableTerminal(env: Record<string, string>): Record<string, string> {
  const isPoor = !env.TERM || env.TERM === 'dumb';
  return isPoor ? { ...env, TERM: 'xterm-256color', COLORTERM: 'truecolor' } : env;
}
