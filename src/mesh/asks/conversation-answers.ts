/** What another machine is told of the conversations here: secrets masked, page by page. */
import { conversationFile } from '../../claude/transcript/conversation-files.ts';
import { rawText, type TextShape } from '../../claude/transcript/fold-turns.ts';
import { readTurn, readTurns } from '../../claude/transcript/read-turns.ts';
import type { Turn } from '../../claude/transcript/turn.ts';
import { everySession } from '../../daemon-client/every-session.ts';
import { ClaudexError } from '../../errors/claudex-error.ts';
import { anyConversation } from '../../history/any-conversation.ts';
import { allFiles, type Conversation, whereToLook } from '../../history/find-conversation.ts';
import { redacted } from '../../history/redact.ts';
import type { SearchHit } from '../../history/scan-transcript.ts';
import { searchTranscripts } from '../../history/search.ts';
import { claudeConfigDir } from '../../home/paths.ts';
import type { Answering, AnswerRow } from './answer-ask.ts';
import { howManyFit, numberIn, withQuery } from './page.ts';

const maxTurns = 1000;
const maxHits = 1000;
/** Somebody else's machine works no longer than this for one question. */
const searchTakesMs = 25_000;
/** Each takes several threads. */
const maxSearches = 2;

let searches = 0;

export const conversationAnswers: readonly AnswerRow[] = [
  { pattern: /^GET \/sessions\/([^/]+)\/history$/, act: 'read', answer: history },
  { pattern: /^GET \/sessions\/([^/]+)\/turns\/(-?\d{1,9})$/, act: 'read', answer: turn },
  { pattern: /^GET \/search$/, act: 'read', answer: search },
];

/** The newest page first: `before` is the number of the first turn that is known already. */
async function history(asked: Answering): Promise<unknown> {
  const { words, query, path } = asked;
  const shape = shapeOf(asked);
  const last = numberIn(query, 'last', { least: 0, most: maxTurns, otherwise: 20 });
  const before = numberIn(query, 'before', { least: 1, most: 1e9, otherwise: 1e9 });
  const { sessionId, cwd, path: file } = await conversationOf(words[0]!, asked);
  const wanted: Turn[] = [];
  for (const one of readTurns(file, { shape, last: last + turnsFrom(file, before) })) {
    if (one.index < before) wanted.push(one);
  }
  const newestFirst = wanted.slice(-last || wanted.length).reverse();
  const turns = newestFirst.slice(0, howManyFit(newestFirst, 'turn')).reverse();
  const left = newestFirst.length - turns.length;
  const next = left > 0 ? withQuery(withQuery(path, 'last', left), 'before', turns[0]!.index) : undefined;
  return { body: { sessionId, cwd, turns }, ...(next && { next }) };
}

/** How many turns there are from that number on. */
function turnsFrom(file: string, number: number): number {
  if (number === 1e9) return 0;
  for (const newest of readTurns(file, { last: 1, shape: redacted })) return Math.max(0, newest.index - number + 1);
  return 0;
}

async function turn(asked: Answering): Promise<unknown> {
  const { path } = await conversationOf(asked.words[0]!, asked);
  const one = readTurn(path, Number(asked.words[1]), shapeOf(asked));
  howManyFit([one], 'turn');
  return { body: one };
}

/** `skip`: so many hits are known already. */
async function search(asked: Answering): Promise<unknown> {
  const { query, env, client, path } = asked;
  const text = query.get('q') ?? '';
  if (text === '' || text.length > 1000)
    throw new ClaudexError('BAD_REQUEST', '"q" must be a text of 1 to 1000 characters.');
  const max = numberIn(query, 'max', { least: 1, most: maxHits, otherwise: 100 });
  const context = numberIn(query, 'context', { least: 0, most: 5, otherwise: 0 });
  const skip = numberIn(query, 'skip', { least: 0, most: maxHits, otherwise: 0 });
  const session = query.get('session');
  const where = await whereToLook(client, claudeConfigDir(env));
  const only = session === null ? undefined : conversationFile((await conversationOf(session, asked)).path);
  const files = session === null ? allFiles(where) : only ? [only] : [];
  const pattern = { text, isRegex: query.get('regex') === 'true', ignoreCase: query.get('ignoreCase') === 'true' };
  const options = { context, maxHits: Math.min(maxHits, skip + max), signal: AbortSignal.timeout(searchTakesMs) };
  const hits: SearchHit[] = [];
  let count = 0;
  if (searches >= maxSearches) throw new ClaudexError('MESH_BUSY', 'It searches for others.');
  searches++;
  try {
    for await (const one of searchTranscripts(files, pattern, options)) if (count++ >= skip) hits.push(one);
  } finally {
    searches--;
  }
  const fit = howManyFit(hits, 'hit');
  const next = fit < hits.length ? withQuery(withQuery(path, 'skip', skip + fit), 'max', max - fit) : undefined;
  return { body: { hits: hits.slice(0, fit) }, ...(next && { next }) };
}

async function conversationOf(target: string, { client, env }: Answering): Promise<Conversation> {
  const [sessions, where] = await Promise.all([everySession(client), whereToLook(client, claudeConfigDir(env))]);
  return anyConversation(target, sessions, where);
}

/** Secrets as they are: one's own machine alone. @throws ClaudexError MESH_NOT_ALLOWED */
function shapeOf({ query, machine }: Answering): TextShape {
  if (query.get('raw') !== 'true') return redacted;
  if (machine.isTrusted) return rawText;
  throw new ClaudexError(
    'MESH_NOT_ALLOWED',
    `--raw is for machines that are trusted: claudex mesh trust ${machine.name}.`,
  );
}
