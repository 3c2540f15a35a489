/** A turn of a conversation in words for the model. */
import { type Turn, toolsOf } from '../claude/transcript/turn.ts';

/** What a list of turns says of each, without its text. */
export interface TurnHead {
  index: number;
  started_at: string | null;
  ended_at: string | null;
  /** Who started it: person, program, peer, notification, command. */
  origin: string;
  /** answered, interrupted, failed, or open (still running, or cut off). */
  outcome: string;
  /** Claude knew of earlier turns by a summary only. */
  compacted_before: boolean;
  /** Tools used, with how often: `Bash ×3, Edit`. */
  tools: string;
}

export function headOf(turn: Turn): TurnHead {
  const counts = new Map<string, number>();
  for (const { name } of toolsOf(turn)) counts.set(name, (counts.get(name) ?? 0) + 1);
  return {
    index: turn.index,
    started_at: turn.startedAt,
    ended_at: turn.endedAt,
    origin: turn.origin,
    outcome: turn.outcome,
    compacted_before: turn.compactedBefore,
    tools: [...counts].map(([name, count]) => (count === 1 ? name : `${name} ×${count}`)).join(', '),
  };
}

/** One line: `Turn 3, 2026-01-31T18:00:00Z, by the person, answered`. */
export function headLine(head: TurnHead): string {
  const compacted = head.compacted_before ? ', after a compaction' : '';
  return `Turn ${head.index}, ${head.started_at ?? 'time unknown'}, started by: ${head.origin}, ${head.outcome}${compacted}`;
}

/** Everything of a turn in the order in which it came. */
export function wholeTurn(turn: Turn): string {
  const steps = turn.steps.map((step) => {
    if (step.kind === 'text') return `Claude:\n${step.text}`;
    if (step.kind === 'added') return `Put in by ${step.by}:\n${step.text}`;
    const result = step.result ?? '(no result yet)';
    return `Tool ${step.name} ${JSON.stringify(step.input)}\n${step.isError ? 'failed' : 'gave'} (${step.resultBytes} bytes):\n${result}`;
  });
  return [`Prompt:\n${turn.prompt}`, ...steps].join('\n\n');
}
