/** One prompt of a caller, through this machine's daemon: queued, proven, answered; what claude asks meanwhile goes to the caller. */
import { randomUUID } from 'node:crypto';
import type { NatsConnection } from '@nats-io/transport-node';
import type { DaemonClient } from '../../daemon-client/client.ts';
import { connectDaemon } from '../../daemon-client/ensure-daemon.ts';
import { followMessage } from '../../daemon-client/follow-message.ts';
import { ClaudexError, toClaudexError } from '../../errors/claudex-error.ts';
import type { Question } from '../../protocol/question.ts';
import { AgentRefusal, readRequest } from './agent-request.ts';
import type { PromptStream } from './prompt-stream.ts';
import { answerIn, queryText } from './question-query.ts';

/** A caller that has gone is noticed by nobody: its place is free again after this. */
const longestTurnMs = 24 * 3_600_000;
const maxQueryChars = 100_000;
/** How often somebody may answer a question in words that are no answer. */
const maxTries = 3;

export interface PromptTurn {
  env: NodeJS.ProcessEnv;
  connection: NatsConnection;
  /** This machine's name. */
  own: string;
  /** Ours, of the session. */
  session: string;
  prompt: string;
  /** Who speaks, in words for claude. */
  label: string;
  /** A second prompt with the same key is the first one. */
  key: string | undefined;
  stream: PromptStream;
  /** Ends the following; the message stays. Its reason is what the caller is told. */
  signal: AbortSignal;
  /** The session has ended. */
  gone: AbortSignal;
  /** Who may see and answer what claude asks, in words; undefined where the settings let nobody do that from there. */
  answerer: () => string | undefined;
  /** A fresh subject in this machine's inbox. */
  newInbox: () => string;
}

/** Never throws: what goes wrong is told to the caller. @returns what went wrong, in words. */
export async function followPrompt(turn: PromptTurn): Promise<string | undefined> {
  const { env, own, stream, signal, gone } = turn;
  const inboxes: Array<{ unsubscribe(): void }> = [];
  try {
    const client = await connectDaemon(env);
    if (!client) throw new ClaudexError('DAEMON_UNREACHABLE', `On ${own}.`);
    const { id } = await client.send({
      target: turn.session,
      body: turn.prompt,
      kind: 'task',
      when: 'idle',
      hold: false,
      sender: { kind: 'peer', label: turn.label },
      ...(turn.key !== undefined && { key: turn.key }),
    });
    const takeBack = (): void => void takeBackUnread(client, id).catch(() => undefined);
    gone.addEventListener('abort', takeBack, { once: true });
    if (gone.aborted) takeBack();
    const message = await followMessage(client, id, {
      env,
      signal,
      timeoutMs: longestTurnMs,
      failOnPermission: false,
      onProgress: (text) => stream.status(text),
      onQuestion: (question) =>
        void ask(turn, client, id, question, inboxes).catch((error) => stream.status(toClaudexError(error).message)),
    });
    stream.answer(message.answer ?? '');
    return undefined;
  } catch (error) {
    const refusal = signal.aborted && signal.reason instanceof AgentRefusal ? signal.reason : refusalOf(error);
    stream.fail(refusal);
    return refusal.message;
  } finally {
    for (const inbox of inboxes) inbox.unsubscribe();
  }
}

/** What has not begun when the session ends: the caller does not wait for another one to come. */
async function takeBackUnread(client: DaemonClient, id: string): Promise<void> {
  const { state } = await client.message(id);
  if (state === 'queued') await client.changeMessage(id, 'cancel');
}

/** The caller is asked only what its own prompt has led to, and only where it may answer. */
async function ask(
  turn: PromptTurn,
  client: DaemonClient,
  id: string,
  question: Question,
  inboxes: Array<{ unsubscribe(): void }>,
): Promise<void> {
  const { own, stream, connection } = turn;
  const { state } = await client.message(id);
  const text = queryText(question);
  if (state !== 'delivered' || !question.remote || turn.answerer() === undefined || text.length > maxQueryChars) {
    return stream.status(
      `waits for a person on ${own} (${question.id}): a claude's question is not this caller's to answer`,
    );
  }
  let tries = 0;
  const once = (why = ''): void => {
    const subject = turn.newInbox();
    inboxes.push(
      connection.subscribe(subject, {
        max: 1,
        callback: (error, { data }) => {
          if (error) stream.status(error.message);
          else void answered(data);
        },
      }),
    );
    stream.query({ id: randomUUID(), reply_subject: subject, prompt: why === '' ? text : `${why}\n\n${text}` });
  };
  const answered = async (data: Uint8Array): Promise<void> => {
    try {
      const by = turn.answerer();
      if (by === undefined) throw new ClaudexError('MESH_NOT_ALLOWED', `On ${own}.`);
      const answer = answerIn(readRequest(data), question);
      if (!answer) throw new ClaudexError('BAD_ANSWER', '"yes" or "no" is asked for.');
      await client.answerQuestion(question.id, { ...answer, via: 'mesh', by });
      stream.status(`answered ${question.id}`);
    } catch (error) {
      const words = error instanceof AgentRefusal ? error.message : toClaudexError(error).message;
      const isSlip = error instanceof AgentRefusal || (error as ClaudexError).code === 'BAD_ANSWER';
      if (isSlip && ++tries < maxTries) once(words);
      else stream.status(words);
    }
  };
  once();
}

const codes = [400, 401, 403, 404, 409, 429] as const;

function refusalOf(thrown: unknown): AgentRefusal {
  if (thrown instanceof AgentRefusal) return thrown;
  const error = toClaudexError(thrown);
  const code =
    error.httpStatus === 413
      ? 400
      : error.httpStatus === 507
        ? 429
        : (codes.find((one) => one === error.httpStatus) ?? 500);
  return new AgentRefusal(code, error.code.toLowerCase(), error.message);
}
