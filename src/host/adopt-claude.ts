/** A host that goes on with a claude of a claudex in somebody's terminal: is told of it, takes it, and tells the daemon. */
import { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { connectDaemon, ensureDaemon } from '../daemon-client/ensure-daemon.ts';
import { ClaudexError } from '../errors/claudex-error.ts';
import { claudeConfigDir } from '../home/paths.ts';
import type { HandOver } from '../protocol/hand-over.ts';
import { runHost } from './run-host.ts';
import { takeOver } from './take-over.ts';

/** Where src/supervisor/hand-over.ts puts the two ends of the terminal, and the pipe on which it tells everything. */
const places = { master: 4, slave: 5, pipe: 6 } as const;
/** A daemon is brought up this often; then one that somebody else brings up is looked for. */
const starts = 3;
const againMs = 2000;

export interface AdoptClaudeOptions {
  id: string;
  env: NodeJS.ProcessEnv;
  paths: { socket: string; file: string };
  /** It is ours now. `launchedBy`: the process that has started it. */
  taken: (launchedBy: number) => void;
}

/** Resolves when claude has ended. @throws ClaudexError HOST_START_FAILED, PTY_UNAVAILABLE */
export async function adoptClaude({ id, env, paths, taken }: AdoptClaudeOptions): Promise<void> {
  const pipe = new Socket({ fd: places.pipe });
  pipe.on('error', () => undefined); // it has ended, with all said that it will say
  // claude runs on with it until now: everything of ours is loaded
  pipe.write('here\n');
  const given = await readGiven(pipe);
  if (given.id !== id) throw new ClaudexError('HOST_START_FAILED', 'It was given another session.');
  const held = takeOver({ given, master: places.master, slave: places.slave, socketPath: paths.socket });
  await runHost({
    ...held,
    id,
    ownEnv: env,
    wasResume: false,
    filePath: paths.file,
    redraws: !given.isWhole,
    ready: () => {
      taken(given.launchedBy);
      void register(given, env).then(() => pipe.end('known\n'));
    },
  });
}

/** One line of JSON. @throws ClaudexError HOST_START_FAILED when it is not all there */
async function readGiven(pipe: Socket): Promise<HandOver> {
  const chunks: Buffer[] = [];
  return await new Promise((resolve, reject) => {
    pipe.on('data', (chunk) => {
      chunks.push(chunk);
      if (chunk.at(-1) === 0x0a) resolve(JSON.parse(Buffer.concat(chunks).toString('utf8')) as HandOver);
    });
    pipe.once('close', () => reject(new ClaudexError('HOST_START_FAILED', 'Whoever hands it over has gone.')));
  });
}

/** The daemon keeps it as a managed session from now on. It is told until it knows. */
async function register({ id, cwd, args, env, claude }: HandOver, ownEnv: NodeJS.ProcessEnv): Promise<void> {
  const request = { cwd, args, env, claude, configDir: claudeConfigDir(ownEnv) };
  for (let tries = 1; ; tries++) {
    try {
      const client = tries <= starts ? await ensureDaemon(ownEnv) : await connectDaemon(ownEnv);
      if (client) {
        await client.adoptManaged(id, request);
        return;
      }
    } catch {
      // no daemon, or one that has gone in the middle of it: asked again
    }
    await delay(againMs, undefined, { ref: false });
  }
}
