/** Waits a moment for what the other machine says of a message. */
import type { Message } from '../protocol/message.ts';
import type { DaemonClient } from './client.ts';

/** A machine that is there and at work answers sooner. */
const momentMs = 1500;

/** The message once its machine has it, or refuses it, or after a moment as it is. */
export async function untilArrived(client: DaemonClient, id: string): Promise<Message> {
  const events = await client.events();
  const timer = setTimeout(() => events.close(), momentMs);
  try {
    let message: Message = await client.message(id);
    if (!isOut(message)) return message;
    for await (const event of events) {
      if (event.type !== 'message' || event.message.id !== id) continue;
      message = event.message;
      if (!isOut(message)) break;
    }
    return message;
  } finally {
    clearTimeout(timer);
    events.close();
  }
}

function isOut({ state }: Message): boolean {
  return state === 'queued' || state === 'sent';
}
