import type { StreamLine } from '../stream/stream-json.ts';

/**
 * What claude says of an `--agent` that there is none of, or undefined. `claude -p` refuses it with exit code 1; one that reads
 * a stream goes on without a word (2.1.197, 2.1.330).
 * @param init the line with which claude begins a turn
 */
export function missingAgent(args: readonly string[], init: StreamLine | undefined): string | undefined {
  const name = args.findLast((arg) => arg.startsWith('--agent='))?.slice('--agent='.length);
  if (name === undefined || !Array.isArray(init?.agents) || init.agents.includes(name)) return undefined;
  return `--agent '${name}' not found. Available agents: ${init.agents.join(', ')}`;
}
