/** A message as it travels to another machine. */

import type { MailedMessage } from '../../protocol/machine-mail.ts';
import type { Message } from '../../protocol/message.ts';

/** @param after the message that it comes behind, while that one is on its way */
export function mailedMessage(message: Message, after: string | null): MailedMessage {
  const { id, recipient, kind, when, sender, body, forcedRoute, replyTo, hops, notBefore, expiresAt } = message;
  return {
    id,
    target: recipient.target ?? recipient.name,
    kind,
    when,
    body,
    label: sender.label,
    isUser: sender.kind === 'user',
    ...(sender.id !== undefined && sender.machine === undefined && { session: sender.id }),
    ...(hops !== undefined && { hops }),
    ...(replyTo !== undefined && { replyTo }),
    ...(forcedRoute !== undefined && { route: forcedRoute }),
    ...(notBefore !== undefined && { notBefore }),
    ...(expiresAt !== undefined && { expiresAt }),
    after,
  };
}
