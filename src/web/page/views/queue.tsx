/** Messages for a session: on their way, and what became of the last ones. */
import { request } from '../api.ts';
import type { Message, Session } from '../api-types.ts';
import { hasEnded, messagesOf } from '../state/messages.ts';
import { attempt, say } from '../state/toasts.ts';
import { ago, visible } from './words.ts';

const stateWords: Record<Message['state'], string> = {
  queued: 'waits',
  sent: 'on its way to its machine',
  arrived: 'at its machine',
  leased: 'being delivered',
  stuck: 'nobody knows whether it went in',
  delivered: 'claude is at it',
  answered: 'answered',
  failed: 'failed',
  expired: 'expired',
  cancelled: 'taken back',
};

export function Queue({ session }: { session: Session }) {
  const messages = messagesOf(session.id);
  if (messages.length === 0)
    return <p class="empty">No message is on its way. What you send here waits until claude is idle.</p>;
  return (
    <ul class="queue" aria-label={`Messages for ${session.name}`}>
      {messages.map((message) => (
        <li key={message.id} class={`queued ${message.state}`}>
          <p class="queued-head">
            <span class="chip">{stateWords[message.state]}</span>
            <span>{visible(message.sender.label)}</span>
            <time>{ago(message.acceptedAt)}</time>
            {message.state === 'queued' && (
              <button
                type="button"
                class="small quiet"
                onClick={() =>
                  void attempt(async () => {
                    await request('DELETE', `/messages/${message.id}`);
                    say('Taken back.');
                  })
                }
              >
                Take back
              </button>
            )}
          </p>
          <p class="queued-text">{visible(message.body)}</p>
          {(message.waitsFor ?? message.reason) && !(hasEnded(message) && !message.reason) && (
            <p class="queued-why">{visible(message.reason ?? `waits for ${message.waitsFor}`)}</p>
          )}
          {message.answer && <p class="queued-answer">{visible(message.answer)}</p>}
        </li>
      ))}
    </ul>
  );
}
