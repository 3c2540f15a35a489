/** What claude keeps of a session's subagents: `<transcript without .jsonl>/subagents/agent-<id>.jsonl` and `.meta.json` (2.1.197, 2.1.332). */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The transcript in which the tool calls of that subagent stand; undefined for an id that cannot be one. */
export function subagentTranscript(transcriptPath: string, agentId: string): string | undefined {
  const base = agentBase(transcriptPath, agentId);
  return base && `${base}.jsonl`;
}

/**
 * True for a subagent that runs beside the conversation. Claude shows its dialog only after the hooks have ended (2.1.332), so one that
 * waited for a person would keep the person from being asked.
 */
export function isBackgroundAgent(transcriptPath: string, agentId: string): boolean {
  const base = agentBase(transcriptPath, agentId);
  if (base === undefined) return false;
  try {
    const meta: unknown = JSON.parse(readFileSync(`${base}.meta.json`, 'utf8'));
    return typeof meta === 'object' && meta !== null && 'requestShape' in meta && meta.requestShape === 'background';
  } catch {
    return false; // not written yet, or by a version that has none
  }
}

function agentBase(transcriptPath: string, agentId: string): string | undefined {
  if (!transcriptPath.endsWith('.jsonl') || !/^[\w-]{1,64}$/.test(agentId)) return undefined;
  return join(transcriptPath.slice(0, -'.jsonl'.length), 'subagents', `agent-${agentId}`);
}
