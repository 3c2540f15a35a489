/** A queued message for tests: a task of the user for session `s1`. */
import type { Message } from '../../src/protocol/message.ts';

export function aMessage(
  id: string,
  given: Partial<Omit<Message, 'recipient'>> & { recipient?: string | null } = {},
): Message {
  const { recipient = 's1', ...rest } = given;
  return {
    id,
    recipient: { id: recipient, name: 'api', cwd: '/work/api' },
    kind: 'task',
    when: 'idle',
    sender: { kind: 'user', label: 'the user' },
    body: `body of ${id}`,
    acceptedAt: 0,
    state: 'queued',
    attempts: 0,
    history: [{ state: 'queued', at: 0 }],
    ...rest,
  };
}
