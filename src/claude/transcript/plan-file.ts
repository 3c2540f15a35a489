/**
 * The plan that ExitPlanMode asks a yes for, where its request says nothing of it (2.1.332): it stands in a file of claude's, which the
 * conversation names when plan mode begins (docs/claude-facts.md#questions).
 */
import { readFileSync, statSync } from 'node:fs';
import { transcriptSize } from './marks.ts';
import { readLines } from './read-blocks.ts';
import { parseRecord } from './record.ts';

export interface PlanFile {
  path: string;
  text: string;
}

/** Claude names the file again every few turns. */
const lookBackBytes = 8 << 20;
/** More of a plan nobody reads in a question. */
const maxPlanBytes = 1 << 20;

/** Undefined when the conversation names none, or it cannot be read. */
export function planFile(transcriptPath: string): PlanFile | undefined {
  const from = Math.max(0, transcriptSize(transcriptPath) - lookBackBytes);
  let path: string | undefined;
  for (const { bytes } of readLines(transcriptPath, from)) {
    if (!bytes.includes('planFilePath')) continue;
    const named = parseRecord(bytes)?.attachment?.planFilePath;
    if (typeof named === 'string') path = named;
  }
  const text = path === undefined ? undefined : textOfFile(path);
  return text === undefined ? undefined : { path: path!, text };
}

function textOfFile(path: string): string | undefined {
  try {
    const stats = statSync(path);
    return stats.isFile() && stats.size <= maxPlanBytes ? readFileSync(path, 'utf8') : undefined;
  } catch {
    return undefined; // not written yet, or not ours to read
  }
}
