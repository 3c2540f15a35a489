/** Answers what another machine asks: by this machine's own daemon, after its settings have said that the machine may. */
import type { DaemonClient } from '../../daemon-client/client.ts';
import { connectDaemon } from '../../daemon-client/ensure-daemon.ts';
import { ClaudexError, toClaudexError } from '../../errors/claudex-error.ts';
import { readSettings } from '../../settings/read.ts';
import { type AskingMachine, type MeshAct, mayMachine, wayToAllow } from '../who-may.ts';
import { type AskReply, errorReply, maxReplyBytes, parseAsk } from './ask.ts';
import { conversationAnswers } from './conversation-answers.ts';
import { messageAnswers } from './message-answers.ts';
import { questionAnswers } from './question-answers.ts';
import { sessionAnswers } from './session-answers.ts';

/** One question, on its way to its answer. */
export interface Answering {
  client: DaemonClient;
  env: NodeJS.ProcessEnv;
  machine: AskingMachine;
  /** Our own name. */
  own: string;
  /** The variable parts of the path, decoded. */
  words: string[];
  query: URLSearchParams;
  path: string;
  body: unknown;
  /** Tells a question that came twice from two. */
  key: string | undefined;
}

/** What may be asked; `act`: what a machine must be allowed for it. */
export interface AnswerRow {
  pattern: RegExp;
  act: MeshAct | undefined;
  /** @returns an AskReply without an error */
  answer(asked: Answering): Promise<unknown>;
}

const rows: readonly AnswerRow[] = [...sessionAnswers, ...conversationAnswers, ...questionAnswers, ...messageAnswers];

/** What stands around the one thing of an answer. Encrypted and signed, all of it still fits into one envelope. */
const frameBytes = 40 * 1024;

/** Never throws: what goes wrong is an answer too. */
export async function answerAsk(
  env: NodeJS.ProcessEnv,
  asking: { own: string; machine: AskingMachine; ask: unknown },
  refused: (why: string) => void,
): Promise<AskReply> {
  try {
    const reply = await answer(env, asking);
    const bytes = Buffer.byteLength(JSON.stringify(reply));
    // lists are cut into pages: this is a single thing
    if (bytes > maxReplyBytes + frameBytes) throw new ClaudexError('MESH_TOO_LARGE', `It has ${bytes} bytes.`);
    return reply;
  } catch (thrown) {
    const error = toClaudexError(thrown);
    if (['MESH_NOT_ALLOWED', 'BAD_REQUEST', 'INTERNAL'].includes(error.code)) refused(error.code);
    return errorReply(error);
  }
}

async function answer(
  env: NodeJS.ProcessEnv,
  { own, machine, ask }: { own: string; machine: AskingMachine; ask: unknown },
): Promise<AskReply> {
  const { method, path, body, key } = parseAsk(ask);
  const { pathname, searchParams: query } = new URL(path, 'http://machine');
  for (const { pattern, act, answer } of rows) {
    const match = pattern.exec(`${method} ${pathname}`);
    if (!match) continue;
    // read at each question: a machine that is no longer allowed is refused at once
    if (act !== undefined && !mayMachine(readSettings(env).values, act, machine)) {
      throw new ClaudexError('MESH_NOT_ALLOWED', `On ${own}: ${wayToAllow(act, machine)}`);
    }
    const client = await connectDaemon(env);
    if (!client) throw new ClaudexError('DAEMON_UNREACHABLE', `On ${own}.`);
    const words = match.slice(1).map(decoded);
    return (await answer({ client, env, machine, own, words, query, path, body, key })) as AskReply;
  }
  throw new ClaudexError('NOT_FROM_AFAR');
}

function decoded(word: string): string {
  try {
    return decodeURIComponent(word);
  } catch (cause) {
    throw new ClaudexError('BAD_REQUEST', 'The path is not valid percent-encoding.', { cause });
  }
}
