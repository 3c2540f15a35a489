/** What waits here for one other machine, and how much may. Pure. */
import type { MailBacklog } from '../../protocol/machine-mail.ts';
import { type Message, maxBodyBytes } from '../../protocol/message.ts';

/** So much may wait here for one machine, of which that one does not know yet. */
const mostWaiting = 2000;
const mostWaitingBytes = 32 << 20;

/** A body has 256 KiB at most: so few messages are never too much. */
export const alwaysFit = mostWaitingBytes / maxBodyBytes;

/** The other machine has not said yet that it has it. */
export function isOut({ state }: Message): boolean {
  return state === 'queued' || state === 'sent';
}

/** @param open all messages for that machine that have not ended @param trouble why the server takes nothing for it */
export function backlogOf(machine: string, open: readonly Message[], trouble: string | undefined): MailBacklog {
  const out = open.filter(isOut);
  const bytes = out.reduce((sum, { body }) => sum + body.length, 0);
  return {
    machine,
    waiting: out.length,
    bytes,
    oldestAt: out.length === 0 ? null : Math.min(...out.map(({ acceptedAt }) => acceptedAt)),
    arrived: open.length - out.length,
    full: out.length >= mostWaiting || bytes >= mostWaitingBytes,
    trouble: trouble ?? null,
  };
}
