/** Where commands of this machine ask the bridge to ask another one: a unix socket in the mesh's folder, one question for each connection. */
import { createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { listen } from '../../background/listen.ts';
import { refuseSessionOf } from '../../daemon-client/refuse-session-of.ts';
import { ClaudexError, toClaudexError } from '../../errors/claudex-error.ts';
import { ensurePrivateDir } from '../../home/private-folder.ts';
import { isPeerOf, peerPid } from '../../process/peer.ts';
import { isMachineName } from '../machine-name.ts';
import { type AskReply, errorReply, maxAskBytes, parseAsk } from './ask.ts';
import type { MeshAsks } from './mesh-asks.ts';

/** Whoever says nothing for so long has nothing to ask. */
const silentForMs = 10_000;
const maxConnections = 64;

/** @throws the system's error */
export async function listenForAsks(path: string, env: NodeJS.ProcessEnv, asks: MeshAsks): Promise<Server> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => socket.destroy());
    void answer(socket, env, asks).then((reply) => socket.end(JSON.stringify(reply)));
  });
  server.maxConnections = maxConnections;
  ensurePrivateDir(dirname(path));
  await listen(server, path);
  return server;
}

async function answer(socket: Socket, env: NodeJS.ProcessEnv, asks: MeshAsks): Promise<AskReply> {
  try {
    if (!isPeerOf(socket)) throw new ClaudexError('HOME_NOT_PRIVATE', 'Somebody else asks.');
    const { machine, ask } = JSON.parse(await readAll(socket)) as { machine?: unknown; ask?: unknown };
    if (typeof machine !== 'string' || !isMachineName(machine)) throw new ClaudexError('BAD_REQUEST', 'No machine.');
    // the other machine lets this one's person in, and no session that runs here
    const pid = peerPid(socket);
    if (pid === undefined) throw new ClaudexError('PERSON_ONLY', 'This system does not tell who asks.');
    await refuseSessionOf(env, pid);
    return await asks.ask(machine, parseAsk(ask));
  } catch (error) {
    return errorReply(
      error instanceof SyntaxError ? new ClaudexError('BAD_REQUEST', 'No JSON.') : toClaudexError(error),
    );
  }
}

/** Up to where the other end has closed its side. */
function readAll(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  return new Promise((resolve, reject) => {
    const fail = (): void => reject(new ClaudexError('BAD_REQUEST', 'That is no question.'));
    socket.setTimeout(silentForMs, fail);
    socket.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > 2 * maxAskBytes) fail();
      else chunks.push(chunk);
    });
    socket.once('end', () => {
      socket.setTimeout(0);
      resolve(Buffer.concat(chunks).toString('utf8'));
    });
    socket.once('close', fail);
  });
}
