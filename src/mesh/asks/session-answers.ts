/** What another machine is told of the sessions here, and starts: what they are, what is on their screens. */
import { realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { environmentForClaude } from '../../claude/environment.ts';
import { type AnySession, everySession } from '../../daemon-client/every-session.ts';
import { ClaudexError } from '../../errors/claudex-error.ts';
import { userHome } from '../../home/paths.ts';
import { readScreen } from '../../host-client/host-connection.ts';
import { findTarget } from '../../protocol/find-target.ts';
import { stateInWords } from '../../protocol/managed.ts';
import type { Answering, AnswerRow } from './answer-ask.ts';
import { maxReplyBytes } from './ask.ts';
import { howManyFit, numberIn, withQuery } from './page.ts';

const maxScreenLines = 5000;

export const sessionAnswers: readonly AnswerRow[] = [
  // what everybody in the mesh is told anyway
  { pattern: /^GET \/sessions$/, act: undefined, answer: sessions },
  { pattern: /^GET \/sessions\/([^/]+)\/screen$/, act: 'peek', answer: screen },
  { pattern: /^POST \/sessions$/, act: 'start', answer: start },
  { pattern: /^POST \/sessions\/([^/]+)\/resume$/, act: 'start', answer: resume },
];

async function sessions({ client, query, path }: Answering): Promise<unknown> {
  const skip = numberIn(query, 'skip', { least: 0, most: 1e6, otherwise: 0 });
  const all = (await everySession(client)).slice(skip).map(told);
  const fit = howManyFit(all, 'session');
  return {
    body: { sessions: all.slice(0, fit) },
    ...(fit < all.length && { next: withQuery(path, 'skip', skip + fit) }),
  };
}

/** A pid and a path mean nothing elsewhere; whether there is a pid tells whether it runs. */
function told(one: AnySession): AnySession {
  return { ...one, pid: one.pid === null ? one.pid : 0, transcriptPath: null, lastHook: null };
}

async function screen({ client, words, query }: Answering): Promise<unknown> {
  const lines = numberIn(query, 'lines', { least: 1, most: maxScreenLines, otherwise: 0 });
  const { id } = findTarget(words[0]!, await everySession(client));
  const record = (await client.managed()).find((one) => one.id === id);
  if (record && record.state !== 'running' && record.state !== 'starting') {
    throw new ClaudexError('NOT_RUNNING', `It is ${stateInWords(record)}.`);
  }
  const socket = record ? record.socket : await client.takeViewers(id);
  const text = await readScreen(socket, { ansi: query.get('ansi') === 'true', ...(lines > 0 && { lines }) });
  return { body: { text: lastLinesThatFit(text) } };
}

function lastLinesThatFit(text: string): string {
  const lines = text.split('\n');
  let from = lines.length;
  for (let bytes = 0; from > 0; from--) {
    bytes += Buffer.byteLength(JSON.stringify(lines[from - 1]));
    if (bytes > maxReplyBytes) break;
  }
  return lines.slice(from).join('\n');
}

async function start({ client, env, body, machine }: Answering): Promise<unknown> {
  const { cwd, name, args = [], keepWarm, idleTimeoutMs, restart } = (body ?? {}) as Record<string, unknown>;
  if (typeof cwd !== 'string' || (name !== undefined && typeof name !== 'string') || !Array.isArray(args)) {
    throw new ClaudexError('BAD_REQUEST', 'That is no session to start.');
  }
  // claude's own arguments can make it run any program
  if (args.length > 0 && !machine.isTrusted) {
    throw new ClaudexError(
      'MESH_NOT_ALLOWED',
      `Claude’s own arguments are for machines that are trusted: claudex mesh trust ${machine.name}.`,
    );
  }
  const { id } = await client.startManaged({
    cwd: folderOf(cwd, env),
    args: args.map(String),
    env: environmentForClaude(env),
    claudeSessionId: null,
    keepWarm: keepWarm === true,
    restart: restart === 'never' ? 'never' : 'crash',
    ...(name !== undefined && { name }),
    ...(Number.isSafeInteger(idleTimeoutMs) && { idleTimeoutMs: idleTimeoutMs as number }),
  });
  return session(client, id);
}

async function resume({ client, words }: Answering): Promise<unknown> {
  const { id } = findTarget(words[0]!, await everySession(client));
  await client.changeManaged(id, 'resume');
  return session(client, id);
}

async function session(client: Answering['client'], id: string): Promise<unknown> {
  return { body: { session: told(findTarget(id, await everySession(client))) } };
}

/** @throws ClaudexError NO_SUCH_FOLDER */
function folderOf(path: string, env: NodeJS.ProcessEnv): string {
  const whole = path === '~' || path.startsWith('~/') ? join(userHome(env), path.slice(1)) : path;
  try {
    if (whole.startsWith('/') && statSync(whole).isDirectory()) return realpathSync(whole);
  } catch {
    // not there, or not ours to look at
  }
  throw new ClaudexError('NO_SUCH_FOLDER', `Asked for ${path.slice(0, 200)}.`);
}
