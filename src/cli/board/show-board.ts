/** The board in this terminal; what it has done for it is done as the other commands do it. */
import { spawn } from 'node:child_process';
import { existsSync, realpathSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { environmentForClaude } from '../../claude/environment.ts';
import type { DaemonClient } from '../../daemon-client/client.ts';
import { daemonUnlessStopped, ensureDaemon } from '../../daemon-client/ensure-daemon.ts';
import { ClaudexError } from '../../errors/claudex-error.ts';
import { claudeConfigDir, userHome } from '../../home/paths.ts';
import { senderOf } from '../sender.ts';
import { colours, shortPath } from '../text/render.ts';

/** Until the person leaves it. */
export async function showBoard(env: NodeJS.ProcessEnv): Promise<void> {
  // before the screen is taken: what is wrong with the claudex folder is said as everywhere
  await ensureDaemon(env);
  const connect = (): Promise<DaemonClient> => ensureDaemon(env);
  // with ink and react, for this command alone
  const { runBoard } = await import('../../board/run-board.ts');
  await runBoard({
    colours: colours(process.stdout, env).level > 0,
    folder: shortPath(process.cwd()),
    by: `${env.USER || 'somebody'} on ${hostname()}`.slice(0, 200),
    actions: {
      connect,
      look: () => daemonUnlessStopped(env),
      attach: ({ id, isUp }) => attachInChild(isUp ? ['attach', id] : ['resume', id, '--attach']),
      send: async (id, body) => {
        const client = await connect();
        const reply = await client.send({
          target: id,
          body,
          kind: 'task',
          when: 'idle',
          hold: false,
          sender: await senderOf(client, env, undefined),
          caller: { pids: [process.ppid], configDir: claudeConfigDir(env) },
        });
        return `${reply.id} ${reply.route === null ? 'is queued' : `goes in by ${reply.route}`}.`;
      },
      start: async (folder) => {
        const cwd = folderOf(folder);
        const client = await connect();
        const environment = environmentForClaude(env);
        const request = {
          cwd,
          args: [],
          env: environment,
          claudeSessionId: null,
          keepWarm: false,
          restart: 'crash' as const,
        };
        return (await client.startManaged(request)).id;
      },
      stop: async (id) => {
        await (await connect()).changeManaged(id, 'stop');
      },
    },
  });
}

/** The command has the terminal to itself; what it says on its standard error is for the board to show. */
function attachInChild(words: string[]): Promise<{ text: string; isError: boolean }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [process.argv[1]!, ...words], { stdio: ['inherit', 'inherit', 'pipe'] });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    child.once('error', reject);
    child.once('close', (code) => resolve({ text: said.trim(), isError: code !== 0 }));
  });
}

function folderOf(text: string): string {
  const path = text === '~' || text.startsWith('~/') ? `${userHome()}${text.slice(1)}` : text;
  if (!existsSync(path) || !statSync(path).isDirectory()) throw new ClaudexError('USAGE', `${path} is no folder.`);
  return realpathSync(path);
}
