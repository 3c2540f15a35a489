/** Where a message's mark stands in one record of a transcript, and whether that proves that it was put in. Pure. */
import { isAmongMessages, isMarkedBy } from '../../protocol/attribution.ts';
import { isLocal } from './local-words.ts';
import { promptWords } from './prompt-words.ts';
import { stopFeedback, type TranscriptRecord } from './record.ts';

/**
 * Where a mark stands in a record, if it does (measured on 2.1.197, 2.1.330 and 2.1.332): typed, by socket and by wake it is in the
 * text of a `user` record, by the hook routes in a hook_additional_context, or for a claude before 2.1.163 in the feedback of its
 * Stop hook; before a queued one is read, in a queue-operation.
 */
export function standingOf(record: TranscriptRecord, mark: string, inToolResults = false): 'in' | 'queued' | undefined {
  if (record.isSidechain || record.isCompactSummary) return undefined;
  if (record.type === 'user') {
    const { content } = record.message ?? {};
    const feedback = stopFeedback(record);
    if (feedback !== undefined) return isAmongMessages(feedback, mark) ? 'in' : undefined;
    if (isMarkedBy(promptWords(promptText(content)), mark)) return 'in';
    return inToolResults && toolResults(content).some((text) => isHandedOver(text, mark)) ? 'in' : undefined;
  }
  if (record.type === 'attachment') {
    const { type, content, prompt } = record.attachment ?? {};
    if (type === 'hook_additional_context')
      return texts(content).some((one) => isAmongMessages(one, mark)) ? 'in' : undefined;
    if (type === 'queued_command') return isMarkedBy(promptWords(texts(prompt).join('\n')), mark) ? 'in' : undefined;
    return undefined;
  }
  const isEnqueued = record.type === 'queue-operation' && record.operation === 'enqueue';
  return isEnqueued && isMarkedBy(promptWords(texts(record.content).join('\n')), mark) ? 'queued' : undefined;
}

/** What `read_inbox` hands over, as claude writes it: its structured result as JSON (2.1.197, 2.1.332), or its text. */
function isHandedOver(result: string, mark: string): boolean {
  if (!result.startsWith('{"handed_over":')) return isAmongMessages(result, mark);
  try {
    const { text } = JSON.parse(result) as { text?: unknown };
    return typeof text === 'string' && isAmongMessages(text, mark);
  } catch {
    return false; // cut short: what it held cannot be told
  }
}

type Content = NonNullable<TranscriptRecord['message']>['content'];

/** The words of a prompt; a tool's result has none. */
function promptText(content: Content): string {
  if (Array.isArray(content)) return content.map((one) => (one.type === 'text' ? (one.text ?? '') : '')).join('\n');
  return content === undefined || isLocal(content) ? '' : content;
}

/** What tools have answered. */
function toolResults(content: Content): string[] {
  if (!Array.isArray(content)) return [];
  return content.flatMap((one) => (one.type === 'tool_result' ? texts(one.content) : []));
}

/** A text, several, or blocks of them. */
function texts(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (!Array.isArray(value)) return [];
  return value.flatMap((one: unknown) => {
    if (typeof one === 'string') return [one];
    const text = (one as { text?: unknown } | null)?.text;
    return typeof text === 'string' ? [text] : [];
  });
}
