/** The journal as a starting daemon finds it, made short again. */
import type { Log } from '../../home/log.ts';
import { isFinal } from '../../protocol/message.ts';
import { readJournal, rewriteJournal } from './journal.ts';
import { type JournalEntry, Mailbox } from './mailbox.ts';

/** Ended messages are kept this long for `inbox` and for idempotency keys. */
const keepEndedMs = 7 * 24 * 3600 * 1000;

/** Reads the journal and rewrites it without what ended long ago. */
export function compactJournal(path: string, now: number, log: Log): JournalEntry[] {
  const { entries, damagedLines } = readJournal(path);
  if (damagedLines > 0) log('journal had damaged lines', { damagedLines });
  const mailbox = new Mailbox();
  for (const entry of entries) mailbox.apply(entry);
  const kept = mailbox
    .all()
    .filter((one) => !isFinal(one.state) || (one.history.at(-1)?.at ?? one.acceptedAt) > now - keepEndedMs);
  const compacted: JournalEntry[] = kept.map((message) => ({ t: 'accept', message }));
  rewriteJournal(path, compacted);
  return compacted;
}
