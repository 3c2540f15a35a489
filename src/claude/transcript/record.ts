/**
 * One line of claude's transcript, as far as a conversation needs it (read off files of 2.1.197 and 2.1.330).
 * Unknown records and fields are left alone: the format is the vendor's and grows with every version.
 */

/** A block of a message's content; fields of every kind of block that we read. */
export interface ContentBlock {
  type?: string;
  text?: string;
  /** tool_use */
  id?: string;
  name?: string;
  input?: unknown;
  /** tool_result */
  tool_use_id?: string;
  content?: unknown;
  is_error?: boolean;
}

export interface TranscriptRecord {
  type?: string;
  subtype?: string;
  uuid?: string;
  /** The record before it in the conversation. */
  parentUuid?: string | null;
  timestamp?: string;
  cwd?: string;
  sessionId?: string;
  /** A subagent's (its own file since about 2.1.100, among the others before). */
  isSidechain?: boolean;
  /** Put in by claude, not shown to the person. */
  isMeta?: boolean;
  /** The summary that a compaction leaves. */
  isCompactSummary?: boolean;
  isApiErrorMessage?: boolean;
  /** The turn; not on every record, and repeated in the copies that a fork makes. */
  promptId?: string;
  /** Who speaks: `human`, `peer`, `task-notification`; none from `claude -p` and in old files. */
  origin?: { kind?: string };
  /** `typed`, `queued`, `sdk`, `system`, … */
  promptSource?: string;
  /** Since about 2.1.300. */
  turnPosition?: { turnIndex?: number };
  message?: { model?: string; stop_reason?: string | null; content?: string | ContentBlock[] };
  attachment?: {
    type?: string;
    content?: unknown;
    prompt?: unknown;
    origin?: { kind?: string };
    commandMode?: string;
    /** Of `plan_mode`, since 2.1.33x. */
    planFilePath?: unknown;
    /** Of a `hook_permission_decision`. */
    toolUseID?: unknown;
    decision?: unknown;
  };
  /** Of a `queue-operation`. */
  operation?: string;
  /** Of a `system` record or a `queue-operation`. */
  content?: unknown;
  /** Of a record with a tool's result: the tool's own account of it, of any shape. */
  toolUseResult?: unknown;
  /** Of a record with a tool's result, since 2.1.33x: who decided that it may run. */
  permissionDecision?: unknown;
  customTitle?: string;
}

const recordTexts = ['type', 'subtype', 'uuid', 'timestamp', 'cwd', 'promptId', 'customTitle'] as const;
const blockTexts = ['type', 'text', 'id', 'name', 'tool_use_id'] as const;

/** An object in which each of these fields is a text or not there: in any other one they mean what we do not know. */
function hasTexts(value: unknown, names: readonly string[]): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const fields = value as Record<string, unknown>;
  return names.every((name) => typeof (fields[name] ?? '') === 'string');
}

/** A record from a line; undefined for anything else (the line being written, a cut one, not JSON, fields of other kinds). */
export function parseRecord(line: Buffer): TranscriptRecord | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line.toString('utf8'));
  } catch {
    return undefined; // half-written, cut short, or damaged
  }
  return hasTexts(value, recordTexts) ? value : undefined;
}

/** The blocks of a message's content; a plain string is one text block. */
export function blocksOf(content: unknown): ContentBlock[] {
  if (typeof content === 'string') return [{ type: 'text', text: content }];
  if (!Array.isArray(content)) return [];
  return content.filter((block): block is ContentBlock => hasTexts(block, blockTexts));
}

/** The text of a content (of a message, a tool result, a queued prompt); a picture is `[image]`. */
export function textOf(content: unknown): string {
  const texts = blocksOf(content).map((block) => {
    if (block.type === 'text' && typeof block.text === 'string') return block.text;
    return block.type === 'image' || block.type === 'document' ? `[${block.type}]` : '';
  });
  return texts.filter((text) => text !== '').join('\n');
}

/** Claude’s own line in front of it (2.1.197, 2.1.332). */
const feedbackLine = 'Stop hook feedback:\n';

/** What a Stop hook has said to keep a turn from its end, as claude writes it down; undefined for any other record. */
export function stopFeedback(record: TranscriptRecord): string | undefined {
  const text = record.type === 'user' && record.isMeta ? textOf(record.message?.content) : '';
  return text.startsWith(feedbackLine) ? text.slice(feedbackLine.length) : undefined;
}
