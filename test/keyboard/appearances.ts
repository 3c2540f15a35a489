/** Where messages were seen: in what the stand-in for the API was asked, and in claude's transcripts. */
import { transcriptRecords } from '../support/real-claude.ts';
import type { Appearance } from './evidence.ts';
import type { KeyboardStage } from './stage.ts';

const mark = /\[claudex (m[a-km-np-z2-9]{15}) from /;

/** Every appearance of every mark. A request holds the whole conversation: what was in one before is not counted again. */
export function appearancesOf(stage: KeyboardStage): Appearance[] {
  return [...inRequests(stage), ...inTranscripts(stage)];
}

function inRequests({ api, requestedAt }: KeyboardStage): Appearance[] {
  const seen: Appearance[] = [];
  for (const [index, request] of api.requests.entries()) {
    // claude's own questions about the conversation (a title for it) offer no tools
    if (!request.body.tools?.length) continue;
    const here = new Map<string, number>();
    for (const text of request.body.messages.filter(({ role }) => role === 'user').flatMap(textsOf)) {
      const id = mark.exec(text)?.[1];
      if (id === undefined) continue;
      const count = (here.get(id) ?? 0) + 1;
      here.set(id, count);
      if (seen.filter((one) => one.id === id).length >= count) continue;
      seen.push({ id, at: requestedAt[index] ?? 0, where: 'api', text });
    }
  }
  return seen;
}

/** A resumed or forked conversation copies its records, uuids included. */
function inTranscripts({ home }: KeyboardStage): Appearance[] {
  const seen = new Map<string, Appearance>();
  for (const [index, record] of transcriptRecords(home).entries()) {
    const attachment = record.attachment?.type;
    const counts =
      record.type === 'user' || attachment === 'hook_additional_context' || attachment === 'queued_command';
    if (!counts) continue;
    const text = [...textsOf(record.message ?? {}), ...stringsIn(record.attachment)].join('\n');
    const id = mark.exec(text)?.[1];
    if (id === undefined) continue;
    const at = Date.parse(String(record.timestamp));
    seen.set(record.uuid ?? `record ${index}`, { id, at, where: 'transcript', text });
  }
  return [...seen.values()];
}

function textsOf({ content }: { content?: unknown }): string[] {
  if (typeof content === 'string') return [content];
  if (!Array.isArray(content)) return [];
  return (content as Array<{ type?: string; text?: string }>).flatMap(({ type, text }) =>
    type === 'text' && text ? [text] : [],
  );
}

function stringsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(stringsIn);
}
