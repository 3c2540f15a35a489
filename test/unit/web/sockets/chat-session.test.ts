import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { typedText } from '../../../../src/protocol/attribution.ts';
import { EventRing } from '../../../../src/web/event-ring.ts';
import { ChatSession, type ChatWord } from '../../../../src/web/sockets/chat-session.ts';
import { verifies } from '../../../requirements.ts';
import { aMessage } from '../../../support/a-message.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { until } from '../../../support/until.ts';

// proven by the transcript, a message knows no id of its turn
it.each([
  ['message', 'transcript'],
  ['transcript', 'message'],
])(`one reply for a message, whether the %s tells of it first or the %s ${verifies('web-chat')}`, async (first) => {
  const path = join(temporaryFolder(), 'conversation.jsonl');
  writeFileSync(path, '');
  const ring = new EventRing();
  const message = aMessage('mabcdefghijkmnpq', { body: 'is it done?' });
  const answered = { ...message, state: 'answered', answer: 'yes', history: [{ state: 'answered', at: 1 }] };
  const client = async () => ({ message: async () => answered, questions: async () => [] });
  const session = { id: 's1', sessionId: 'c1', cwd: '/work', transcriptPath: path, state: 'busy' };
  const said: ChatWord[] = [];
  const chat = new ChatSession({ ring, client } as never, session as never, false, (word) => said.push(word));
  onTestFinished(() => chat.close());
  const replies = (): unknown[] => said.filter(({ type }) => type === 'reply').map(({ message_id: id }) => id);
  const prompt = `Another Claude session sent a message:\n${typedText(message)}\n\nThis came from another Claude session.`;
  const ways: Record<string, () => void> = {
    message: () => ring.add('message', { message: { ...message, recipient: { id: 's1' }, state: 'answered' } }),
    transcript: () => {
      const rest = { type: 'system', subtype: 'turn_duration' };
      const records = [
        { type: 'user', promptId: 'p1', origin: { kind: 'peer' }, message: { content: prompt } },
        { type: 'assistant', message: { stop_reason: 'end_turn', content: [{ type: 'text', text: 'yes' }] } },
        rest,
        { type: 'user', promptId: 'p2', origin: { kind: 'human' }, message: { content: 'typed' } },
        { type: 'assistant', message: { stop_reason: 'end_turn', content: [{ type: 'text', text: 'so it is' }] } },
        rest,
      ];
      appendFileSync(path, records.map((one) => `${JSON.stringify(one)}\n`).join(''));
      // the transcript is read to its end then
      ring.add('session', { session: { ...session, state: 'gone' } });
    },
  };
  ways[first]!();
  await until(() => replies().length > 0);
  for (const [name, tell] of Object.entries(ways)) if (name !== first) tell();
  await until(() => replies().includes('p2'));
  await new Promise((resolve) => setImmediate(resolve)); // the answer of `client.message` has been told by then
  expect(replies()).toEqual([message.id, 'p2']);
});
