/**
 * What became of tool calls, from a transcript: the call with its id, its result, and the decision of a PermissionRequest hook where that
 * was the one that counted (docs/claude-facts.md#questions). Claude writes the decision with the result, after the tool has run.
 */
import { readLines } from './read-blocks.ts';
import { blocksOf, parseRecord, type TranscriptRecord } from './record.ts';

export interface ToolFate {
  toolUseId: string;
  tool: string;
  /** The call's input, the same text for the same input (`inputKey`). */
  inputKey: string;
  /** When its result was written, in milliseconds since the epoch; undefined while it has none. */
  endedAt?: number;
  /** A hook's decision counted, not a key in the terminal. */
  hookDecision?: 'allow' | 'deny' | undefined;
  /** A person has said no or pressed Esc, under the dialog or while the tool ran: claude writes the same for all of that. */
  isRejected?: true;
  /** Its result is an error: so is a denial. */
  isError?: true;
}

/** What claude has as the result of a call that a person has rejected or interrupted. */
const rejection = 'User rejected tool use';

/** So far back the calls are looked for whose question is open: their records are among the last. */
const lookBackBytes = 1 << 20;

/** Reads on in one transcript, look by look. */
export class ToolFates {
  readonly path: string;
  readonly #fates = new Map<string, ToolFate>();
  #position: number | undefined;

  constructor(path: string) {
    this.path = path;
  }

  /** Reads what has come since the last look. @returns all calls of which something is known, in order */
  look(sizeOf: (path: string) => number): ToolFate[] {
    this.#position ??= Math.max(0, sizeOf(this.path) - lookBackBytes);
    for (const { offset, bytes, isEnded } of readLines(this.path, this.#position)) {
      if (!isEnded) break; // being written: it comes whole the next time
      this.#position = offset + bytes.length + 1;
      const record = parseRecord(bytes);
      if (record) this.#add(record);
    }
    return [...this.#fates.values()];
  }

  #add(record: TranscriptRecord): void {
    if (record.type === 'attachment') {
      const { type, toolUseID, decision } = record.attachment ?? {};
      if (type !== 'hook_permission_decision' || typeof toolUseID !== 'string') return;
      const fate = this.#fates.get(toolUseID);
      if (fate && (decision === 'allow' || decision === 'deny')) fate.hookDecision = decision;
      return;
    }
    // 2.1.332 also writes its requests to the API there, with the result in them: often before the result's own record, and undated
    if (record.type !== 'assistant' && record.type !== 'user') return;
    for (const block of blocksOf(record.message?.content)) {
      if (block.type === 'tool_use' && block.id !== undefined && block.name !== undefined) {
        const known = this.#fates.get(block.id);
        // the first record of a call may be repeated in a fork's copies
        if (!known) this.#fates.set(block.id, fateOf(block.id, block.name, block.input));
      } else if (block.type === 'tool_result' && block.tool_use_id !== undefined) {
        const fate = this.#fates.get(block.tool_use_id);
        if (!fate || fate.endedAt !== undefined) continue;
        fate.endedAt = Date.parse(record.timestamp ?? '') || 0;
        if (record.toolUseResult === rejection) fate.isRejected = true;
        if (block.is_error === true) fate.isError = true;
        fate.hookDecision ??= decidedByHook(record.permissionDecision);
      }
    }
  }
}

/** 2.1.332 says it of the result too, also where it leaves the attachment out. */
function decidedByHook(value: unknown): 'allow' | 'deny' | undefined {
  const { source, decision } = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
  if (source !== 'hook') return undefined;
  return decision === 'accept' ? 'allow' : 'deny';
}

function fateOf(toolUseId: string, tool: string, input: unknown): ToolFate {
  return { toolUseId, tool, inputKey: inputKey(input) };
}

/** One text for one input, whatever the order of its keys: a hook is told them in another order than the transcript has. */
export function inputKey(input: unknown): string {
  return JSON.stringify(input, (_key, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
}
