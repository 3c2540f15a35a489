/** `/chat`: a session as a chat, in the words that claude-socket's clients know. Several clients of one session see the same. */
import { z } from '@hono/zod-openapi';
import type { RawData, WebSocket } from 'ws';
import { rawText } from '../../claude/transcript/fold-turns.ts';
import { readTurns } from '../../claude/transcript/read-turns.ts';
import type { AnySession } from '../../daemon-client/every-session.ts';
import { ClaudexError, toClaudexError } from '../../errors/claudex-error.ts';
import { findTarget } from '../../protocol/find-target.ts';
import type { Sender } from '../../protocol/message.ts';
import { oneLine } from '../../protocol/sanitise.ts';
import type { Device } from '../devices.ts';
import { promptParts } from '../prompt-parts.ts';
import { answererOf } from '../routes/questions.ts';
import { saidOf } from '../schemas.ts';
import { senderOf } from '../send-message.ts';
import type { SessionFeed } from '../session-feed.ts';
import { ChatSession, type ChatWord } from './chat-session.ts';

const defaultHistory = 50;

const word = z.discriminatedUnion('type', [
  z.looseObject({
    type: z.literal('message'),
    content: z.string().min(1),
    user: z.string().max(200).optional(),
    session_id: z.string().optional(),
  }),
  z.looseObject({ type: z.literal('permission_response'), request_id: z.string().max(100), allowed: z.boolean() }),
  z.looseObject({ type: z.literal('fetch_history'), limit: z.number().int().min(1).max(1000).optional() }),
]);

/** The session that a chat is for. @throws ClaudexError NO_SUCH_SESSION, AMBIGUOUS_TARGET, SCOPE_MISSING, BAD_REQUEST */
export function chatTarget(device: Device, asked: string | null, sessions: readonly AnySession[]): AnySession {
  const own = device.target === null ? undefined : findTarget(device.target, sessions);
  if (asked === null && !own) throw new ClaudexError('BAD_REQUEST', 'Say which: ?session=<target>.');
  const session = asked === null ? own! : findTarget(asked, sessions);
  if (own && own.id !== session.id) throw new ClaudexError('SCOPE_MISSING', 'The token is for another session.');
  return session;
}

export interface Chat {
  device: Device;
  session: AnySession;
  feed: SessionFeed;
}

export function openChat(socket: WebSocket, chat: Chat): void {
  const { session, feed, device } = chat;
  const say = (said: ChatWord): void => socket.send(JSON.stringify(said));
  const live = new ChatSession(feed, session, device.scopes.includes('answer'), say);
  socket.once('close', () => live.close());
  socket.on('message', (data) => {
    hear(chat, data, say).catch((thrown: unknown) => {
      const { code, message, fix } = toClaudexError(thrown);
      say({
        type: 'error',
        session_id: session.id,
        code,
        message: code === 'INTERNAL' ? 'It failed.' : `${message} Fix: ${fix}`,
      });
    });
  });
}

async function hear({ device, session, feed }: Chat, data: RawData, say: (word: ChatWord) => void): Promise<void> {
  const said = parsed(data);
  if (said.type === 'fetch_history') {
    const last = said.limit ?? defaultHistory;
    say({ type: 'history', session_id: session.id, messages: historyOf(session.id, await feed.sessions(), last) });
    return;
  }
  const client = await feed.client();
  if (said.type === 'permission_response') {
    if (!device.scopes.includes('answer')) throw new ClaudexError('SCOPE_MISSING', 'It takes the scope answer.');
    const question = await client.question(said.request_id);
    if (question.session !== session.id) throw new ClaudexError('SCOPE_MISSING', 'It is another session’s question.');
    const decision = said.allowed ? 'allow' : 'deny';
    await client.answerQuestion(question.id, { decision, via: 'web', by: answererOf(device) });
    return;
  }
  if (
    said.session_id !== undefined &&
    ![session.id, session.sessionId, session.name, session.alias].includes(said.session_id)
  ) {
    throw new ClaudexError('SCOPE_MISSING', 'This chat is another session’s.');
  }
  const sender = speakerOf(device, said.user);
  await client.send({ target: session.id, body: said.content, kind: 'task', when: 'idle', hold: false, sender });
}

/** A chat's token does not make its users the person: they speak as others do. */
function speakerOf(device: Device, user: string | undefined): Sender {
  if (device.kind !== 'chat') return senderOf(device);
  return { kind: 'peer', label: oneLine(`${user ?? 'somebody'} in the chat "${device.name}"`).slice(0, 200) };
}

function historyOf(id: string, sessions: readonly AnySession[], last: number): object[] {
  const path = sessions.find((one) => one.id === id)?.transcriptPath ?? null;
  if (path === null) return [];
  return [...readTurns(path, { last, shape: rawText })].flatMap(({ prompt, answer, startedAt, endedAt }) => [
    { role: 'user', content: promptParts(prompt).text, ts: startedAt },
    ...(answer === '' ? [] : [{ role: 'assistant', content: answer, ts: endedAt }]),
  ]);
}

function parsed(data: RawData): z.infer<typeof word> {
  const said = word.safeParse(jsonOf(data));
  if (!said.success) throw new ClaudexError('BAD_REQUEST', saidOf(said.error.issues));
  return said.data;
}

function jsonOf(data: RawData): unknown {
  try {
    return JSON.parse(String(data));
  } catch (cause) {
    throw new ClaudexError('BAD_REQUEST', 'That is no JSON.', { cause });
  }
}
