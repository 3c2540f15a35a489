/** Tokens and cost, as `claudex usage --json` and `GET /api/v1/usage` tell them. */

/** What claude was given and gave. */
export interface UsageSum {
  inputTokens: number;
  outputTokens: number;
  cacheReadTokens: number;
  cacheWriteTokens: number;
  /** Null where no transcript tells it. */
  costUsd: number | null;
}

/** All of them, cached or not. */
export function tokensOf(sum: UsageSum): number {
  return sum.inputTokens + sum.outputTokens + sum.cacheReadTokens + sum.cacheWriteTokens;
}
