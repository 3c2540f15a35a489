/** The first task of a session that another machine has started: by the same rules as its mail. */
import { ClaudexError } from '../../errors/claudex-error.ts';
import type { Answering, AnswerRow } from './answer-ask.ts';

export const messageAnswers: readonly AnswerRow[] = [{ pattern: /^POST \/messages$/, act: 'send', answer: send }];

async function send({ client, body, machine, key }: Answering): Promise<unknown> {
  const { target, body: text } = (body ?? {}) as Record<string, unknown>;
  if (typeof target !== 'string' || typeof text !== 'string')
    throw new ClaudexError('BAD_REQUEST', 'That is no message.');
  const { name, isTrusted } = machine;
  const reply = await client.send({
    target,
    body: text,
    kind: 'task',
    when: 'idle',
    hold: false,
    sender: isTrusted ? { kind: 'user', label: `the user on ${name}` } : { kind: 'peer', label: `the machine ${name}` },
    ...(key !== undefined && { key: `mesh ${name} ${key}` }),
  });
  return { body: reply };
}
