/**
 * The lines of `claude -p --input-format stream-json --output-format stream-json` (docs/warm.md,
 * docs/claude-facts.md#print-mode). One JSON object a line, both ways.
 */

/** Arguments that make claude serve requests on stdin until it is closed. */
export const streamArguments = [
  '-p',
  '--input-format',
  'stream-json',
  '--output-format',
  'stream-json',
  '--verbose',
] as const;

/** One line of claude's, as far as it is looked at; everything else in it is passed on untouched. */
export interface StreamLine {
  type: string;
  subtype?: string;
  [field: string]: unknown;
}

/** The line that ends a turn. Fields that only one version has are optional. */
export interface ResultLine extends StreamLine {
  type: 'result';
  session_id: string;
  is_error?: boolean;
  /** Absent when the turn was cut short. */
  result?: string;
  errors?: string[];
  num_turns?: number;
  /** The HTTP status with which the API refused, where it did. */
  api_error_status?: number | null;
  stop_reason?: string | null;
  usage?: Record<string, unknown>;
  total_cost_usd?: number;
  /** With `--json-schema`. */
  structured_output?: unknown;
}

/** A tool the model called, also one called by a subagent. */
export interface ToolCall {
  id: string;
  name: string;
  input: Record<string, unknown>;
}

/** Parses one line; undefined for what is no object with a type (nothing of claude's own is). */
export function parseStreamLine(text: string): StreamLine | undefined {
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === 'object' && value !== null && typeof (value as StreamLine).type === 'string'
      ? (value as StreamLine)
      : undefined;
  } catch {
    return undefined; // not JSON
  }
}

/** The line that starts a turn with `text` as the user's prompt. */
export function userLine(text: string): string {
  return `${JSON.stringify({ type: 'user', message: { role: 'user', content: text } })}\n`;
}

/** A request beside the conversation: `interrupt`, `mcp_status`… Answered by a control_response with the same id. */
export function controlLine(requestId: string, request: { subtype: string }): string {
  return `${JSON.stringify({ type: 'control_request', request_id: requestId, request })}\n`;
}

/** Our answer to a request of claude's: we offer nothing that it could ask for. */
export function refusalLine(requestId: unknown): string {
  const response = { subtype: 'error', request_id: requestId, error: 'claudex answers no requests' };
  return `${JSON.stringify({ type: 'control_response', response })}\n`;
}

/** The id of the request that a control_response answers. */
export function answeredRequest(line: StreamLine): string | undefined {
  const response = line.response as { request_id?: string } | undefined;
  return line.type === 'control_response' ? response?.request_id : undefined;
}

export function isResult(line: StreamLine): line is ResultLine {
  return line.type === 'result' && typeof line.session_id === 'string';
}

/** The text that a stream_event line adds to the answer; undefined for other lines and for subagents' words. */
export function textDelta(line: StreamLine): string | undefined {
  if (line.type !== 'stream_event' || line.parent_tool_use_id) return undefined;
  const event = line.event as { type?: string; delta?: { type?: string; text?: string } } | undefined;
  return event?.type === 'content_block_delta' && event.delta?.type === 'text_delta' ? event.delta.text : undefined;
}

/** The tools that an assistant line calls. */
export function toolCalls(line: StreamLine): ToolCall[] {
  if (line.type !== 'assistant') return [];
  const content = (line.message as { content?: unknown } | undefined)?.content;
  if (!Array.isArray(content)) return [];
  return (content as Array<Record<string, unknown>>)
    .filter((block) => block?.type === 'tool_use')
    .map((block) => ({
      id: String(block.id),
      name: String(block.name),
      input: (block.input ?? {}) as Record<string, unknown>,
    }));
}

/** True for a line that belongs to a turn: one that comes when nobody has asked anything is somebody else's turn. */
export function belongsToTurn(line: StreamLine): boolean {
  if (line.type === 'system') return ['init', 'task_started', 'task_notification'].includes(line.subtype ?? '');
  return ['assistant', 'user', 'result', 'stream_event'].includes(line.type);
}
