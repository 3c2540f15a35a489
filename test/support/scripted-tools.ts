/** An API script that a prompt itself drives: what stands between TOOL and END is the tool the "model" calls. */
import type { LoopbackReply, LoopbackRequest } from './loopback-api.ts';

/** A prompt that makes the scripted model call that tool; the tool's result comes back as the answer. */
export function callsTool(name: string, input: Record<string, unknown>): string {
  return `TOOL${JSON.stringify({ name, input })}END`;
}

/** A prompt that the scripted model answers with that text. */
export function says(text: string): string {
  return `SAY[${text}]`;
}

/** The script to give to `bed.api`. */
export function scriptedTools(request: LoopbackRequest): LoopbackReply {
  const result = lastToolResult(request);
  if (result !== undefined) return { text: result };
  const tool = /TOOL(\{.*\})END/s.exec(request.prompt)?.[1];
  if (tool) return { toolUse: JSON.parse(tool) as { name: string; input: Record<string, unknown> } };
  if (request.prompt.includes('APIFAIL')) return { errorStatus: 400 };
  return { text: /SAY\[(.*?)\]/s.exec(request.prompt)?.[1] ?? 'ok' };
}

/** Everything that the last request told the model, as text. */
export function toldToModel(request: LoopbackRequest | undefined): string {
  return JSON.stringify(request?.body ?? null);
}

function lastToolResult(request: LoopbackRequest): string | undefined {
  const blocks = request.body.messages.flatMap(({ content }) =>
    Array.isArray(content) ? (content as Array<{ type?: string; content?: unknown }>) : [],
  );
  const last = request.isToolResult ? blocks.findLast(({ type }) => type === 'tool_result') : undefined;
  if (!last) return undefined;
  return typeof last.content === 'string' ? last.content : JSON.stringify(last.content);
}
