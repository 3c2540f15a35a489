/** What claude keeps of a session's subagents: `<transcript without .jsonl>/subagents/agent-<id>.jsonl` and `.meta.json` (2.1.197, 2.1.332). */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { transcriptSize } from './marks.ts';
import { readLines } from './read-blocks.ts';
import { blocksOf, parseRecord } from './record.ts';

/** The transcript in which the tool calls of that subagent stand; undefined for an id that cannot be one. */
export function subagentTranscript(transcriptPath: string, agentId: string): string | undefined {
  const base = agentBase(transcriptPath, agentId);
  return base && `${base}.jsonl`;
}

/**
 * True for a subagent that runs beside the conversation. Claude shows its dialog only after the hooks have ended, so one that waited for a
 * person would keep the person from being asked. 2.1.332 says so beside its transcript, 2.1.197 in the call that has started it.
 */
export function isBackgroundAgent(transcriptPath: string, agentId: string): boolean {
  const base = agentBase(transcriptPath, agentId);
  if (base === undefined) return false;
  try {
    const meta: unknown = JSON.parse(readFileSync(`${base}.meta.json`, 'utf8'));
    const { requestShape, toolUseId } = (typeof meta === 'object' && meta !== null ? meta : {}) as Record<
      string,
      unknown
    >;
    if (requestShape !== undefined) return requestShape === 'background';
    return typeof toolUseId === 'string' && isBackgroundCall(transcriptPath, toolUseId);
  } catch {
    return false; // not written yet, or by a version that has none
  }
}

/** The call is among the last ones of the conversation: the agent has just been started, or works still. */
const lookBackBytes = 4 << 20;

function isBackgroundCall(transcriptPath: string, toolUseId: string): boolean {
  const from = Math.max(0, transcriptSize(transcriptPath) - lookBackBytes);
  for (const { bytes } of readLines(transcriptPath, from)) {
    if (!bytes.includes(toolUseId)) continue;
    const call = blocksOf(parseRecord(bytes)?.message?.content).find(
      ({ type, id }) => type === 'tool_use' && id === toolUseId,
    );
    if (!call) continue;
    const { input } = call;
    return (
      typeof input === 'object' && input !== null && 'run_in_background' in input && input.run_in_background === true
    );
  }
  return false;
}

function agentBase(transcriptPath: string, agentId: string): string | undefined {
  if (!transcriptPath.endsWith('.jsonl') || !/^[\w-]{1,64}$/.test(agentId)) return undefined;
  return join(transcriptPath.slice(0, -'.jsonl'.length), 'subagents', `agent-${agentId}`);
}
