import type { DaemonClient } from '../../daemon-client/client.ts';
import { ClaudexError } from '../../errors/claudex-error.ts';
import { composeTexts } from '../../protocol/attribution.ts';
import { type Message, type MessageSummary, maxDrainChars } from '../../protocol/message.ts';
import { pageOf, pageOfText, parseCursor, preview } from '../pages.ts';
import { z } from '../sdk.ts';
import { defineTool, type ToolOutcome, wrongArguments } from '../tool.ts';

/** How much of each text the list shows. */
const previewChars = 400;
/** How many ended messages are looked through for those that the session has sent. */
const sentListed = 200;

export const readInbox = defineTool({
  name: 'read_inbox',
  description: `Shows the messages of your session: what waits for you, what has started the turn you are in, and what became of those
you sent, with their answers. Changes nothing unless drain is true.

Use it to look for the answer to a message you did not wait for, or for work that waits while you are busy.
- without arguments: the list, newest first, each text cut to ${previewChars} characters with its whole length.
- message: one message of yours whole, body and answer, in pages (cursor).
- drain true: takes what waits for you now, whole, instead of after this turn. Each message is handed over once: act on it in this
  turn; what you say last is the answer to it. What does not fit stays, and remaining says how many.
Comes back: waiting, in_hand, sent (id, state, answer), or handed_over with the text of each. A list that goes on has next_cursor.`,
  input: z.strictObject({
    drain: z.boolean().optional().describe('true: hand over what waits, now'),
    message: z.string().min(1).max(64).optional().describe('id of one message to read whole'),
    cursor: z.string().optional().describe('next_cursor of the page before'),
  }),
  readOnly: false,
  example: { message: 'm4k2t9hq7wzn3xcd' },
  run: ({ drain = false, message, cursor }, { withDaemon, ownSession }) => {
    if (drain && (message !== undefined || cursor !== undefined)) {
      throw wrongArguments('"drain" goes alone: without "message" and without "cursor".');
    }
    return withDaemon(async (client) => {
      const own = await ownSession(client);
      if (message !== undefined) return readOne(await client.message(message), own?.id, cursor);
      if (!own) throw new ClaudexError('NOT_IN_A_SESSION');
      return drain
        ? handOver(client, own.id)
        : list(await client.messages({ session: own.id, ended: sentListed }), own.id, cursor);
    });
  },
});

function list(messages: readonly MessageSummary[], ownId: string, cursor: string | undefined): ToolOutcome {
  const rows = messages
    .filter((one) => one.recipient.id === ownId || one.sender.id === ownId)
    .filter(
      (one) => one.sender.id === ownId || ['queued', 'sent', 'arrived', 'leased', 'delivered'].includes(one.state),
    )
    .sort((a, b) => b.acceptedAt - a.acceptedAt)
    .map((one) => rowOf(one, ownId));
  const { items, nextCursor } = pageOf(rows, parseCursor(cursor));
  const of = (box: Row['box']): Array<Omit<Row, 'box'>> =>
    items.filter((one) => one.box === box).map(({ box: _, ...rest }) => rest);
  const data = { waiting: of('waiting'), in_hand: of('in_hand'), sent: of('sent') };
  const lines = items.map((one) => `${one.box.replace('_', ' ')}: ${lineOf(one)}`);
  if (nextCursor !== undefined) lines.push(`More: cursor "${nextCursor}".`);
  return {
    data: { ...data, ...(nextCursor !== undefined && { next_cursor: nextCursor }) },
    text: lines.length === 0 ? 'Nothing waits for you, and you have sent nothing of late.' : lines.join('\n'),
  };
}

interface Row {
  box: 'waiting' | 'in_hand' | 'sent';
  id: string;
  from: string;
  to: string;
  kind: string;
  state: string;
  reason?: string;
  reply_to?: string;
  sent_at: string;
  body: string;
  answer?: string;
}

function rowOf(message: MessageSummary, ownId: string): Row {
  const { sender, recipient } = message;
  const toMe = recipient.id === ownId && sender.id !== ownId;
  return {
    box: toMe ? (message.state === 'delivered' ? 'in_hand' : 'waiting') : 'sent',
    ...headOf(message),
    body: preview(message.body, previewChars, message.bodyChars),
    ...(message.answer !== undefined && { answer: preview(message.answer, previewChars, message.answerChars) }),
  };
}

function headOf(message: Message): Omit<Row, 'box' | 'body' | 'answer'> {
  return {
    id: message.id,
    from: message.sender.label,
    to: wordsFor(message.recipient),
    kind: message.kind,
    state: message.state,
    ...(message.reason !== undefined && { reason: message.reason }),
    ...(message.replyTo !== undefined && { reply_to: message.replyTo }),
    sent_at: new Date(message.acceptedAt).toISOString(),
  };
}

function wordsFor({ id, name, machine }: Message['recipient']): string {
  return machine === undefined ? `${id ?? 'whoever starts'} (${name})` : `${name}@${machine}`;
}

function lineOf(row: Row): string {
  const whom = row.box === 'sent' ? `to ${row.to}` : `from ${row.from}`;
  const reason = row.reason === undefined ? '' : ` (${row.reason})`;
  const answer = row.answer === undefined ? '' : `\n  answer: ${row.answer}`;
  return `${row.id} ${row.kind} ${whom}, ${row.state}${reason}: ${row.body}${answer}`;
}

/** A message is its sender's and its recipient's; a client that is no session sees all, as the person does. */
function readOne(message: Message, ownId: string | undefined, cursor: string | undefined): ToolOutcome {
  if (ownId !== undefined && message.recipient.id !== ownId && message.sender.id !== ownId) {
    throw new ClaudexError('NO_SUCH_MESSAGE', `Message ${message.id} is not of this session.`);
  }
  const whole = message.answer === undefined ? message.body : `${message.body}\n\nAnswer:\n${message.answer}`;
  const { text, nextCursor } = pageOfText(whole, parseCursor(cursor));
  const more = nextCursor === undefined ? '' : `\n(More: cursor "${nextCursor}".)`;
  const { id, from, to, state } = headOf(message);
  return {
    data: { ...headOf(message), text, ...(nextCursor !== undefined && { next_cursor: nextCursor }) },
    text: `${id} from ${from} to ${to}, ${state}:\n${text}${more}`,
  };
}

/** The attribution line goes along: its mark, in the transcript, is what proves that the message has arrived. */
async function handOver(client: DaemonClient, ownId: string): Promise<ToolOutcome> {
  const { messages, remaining } = await client.drain(ownId);
  const text = composeTexts(messages, maxDrainChars);
  const rest = remaining === 0 ? '' : `\n\n${remaining} more wait.`;
  return {
    data: { handed_over: messages.map(headOf), text, remaining },
    text: messages.length === 0 ? `Nothing to hand over.${rest}` : `${text}${rest}`,
    delivers: true,
  };
}
