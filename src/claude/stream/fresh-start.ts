/**
 * What `/clear` makes fresh in a running `claude -p`, and what it does not (measured on 2.1.197 and 2.1.330, docs/warm.md;
 * pinned by test/e2e/warm/warm-isolation.test.ts). Gone: history, cwd of Bash, shell variables, which files were read, task list.
 * Read anew: CLAUDE.md, git status, skills, permission rules. Not reset: model, permission mode, worktree, cron jobs,
 * background tasks, MCP servers.
 */
import type { ResultLine, StreamLine, ToolCall } from './stream-json.ts';

/** Starts a new conversation in the process, without an API call. */
export const resetPrompt = '/clear';

/** Tools whose traces `/clear` was proven to take away. A request that used any other ends its process. */
const resettableTools: ReadonlySet<string> = new Set([
  'Bash',
  'Edit',
  'Glob',
  'Grep',
  'LS',
  'NotebookEdit',
  'Read',
  'ReportFindings',
  'StructuredOutput',
  'TaskCreate',
  'TaskGet',
  'TaskList',
  'TaskUpdate',
  'TodoWrite',
  'ToolSearch',
  'Write',
]);

/** True when nothing of that call is left after `/clear`, as far as claude itself keeps it. */
export function isUndoneByReset(call: ToolCall): boolean {
  return resettableTools.has(call.name) && call.input.run_in_background !== true;
}

/** True for a line that `/clear` does not say itself (2.1.197 answers with a synthetic message): another turn runs. */
export function isForeignToReset(line: StreamLine): boolean {
  const { model } = (line.message ?? {}) as { model?: unknown };
  return ['user', 'stream_event'].includes(line.type) || (line.type === 'assistant' && model !== '<synthetic>');
}

/** True for a prompt that claude may take for a command of its own, which can change the process (`/model`, `/effort`). */
export function isSlashPrompt(prompt: string): boolean {
  return prompt.trimStart().startsWith('/');
}

/** What an init line says of a process; the same before and after a request, or something of the request stayed. */
export function processTraits(init: StreamLine): string {
  const tools = Array.isArray(init.tools) ? (init.tools as string[]).filter((name) => !name.startsWith('mcp__')) : [];
  const servers = Array.isArray(init.mcp_servers) ? (init.mcp_servers as Array<{ name?: string }>) : [];
  return JSON.stringify([
    init.cwd,
    init.model,
    init.permissionMode,
    init.output_style,
    tools.sort(),
    servers.map(({ name }) => name).sort(),
  ]);
}

/** Sums that claude keeps over the whole process (2.1.197) or since the last `/clear` (2.1.330). */
export interface RunningTotals {
  costUsd: number;
  apiMs: number;
  modelUsage: Record<string, Record<string, unknown>>;
  resultIndex: number | undefined;
}

export function runningTotals(result: ResultLine): RunningTotals {
  return {
    costUsd: result.total_cost_usd ?? 0,
    apiMs: Number(result.duration_api_ms ?? 0),
    modelUsage: (result.modelUsage ?? {}) as RunningTotals['modelUsage'],
    resultIndex: typeof result.result_index === 'number' ? result.result_index : undefined,
  };
}

/** The result as a process that had served nobody would have said it: `before`, what stood at the reset, is taken off. */
export function withoutTotals(result: ResultLine, before: RunningTotals): ResultLine {
  const copy: ResultLine = { ...result };
  if (result.total_cost_usd !== undefined) copy.total_cost_usd = minus(result.total_cost_usd, before.costUsd);
  if (typeof result.duration_api_ms === 'number') copy.duration_api_ms = minus(result.duration_api_ms, before.apiMs);
  if (typeof result.result_index === 'number' && before.resultIndex !== undefined) {
    copy.result_index = result.result_index - before.resultIndex - 1;
  }
  if (result.modelUsage) copy.modelUsage = usageWithout(runningTotals(result).modelUsage, before.modelUsage);
  return copy;
}

/** Token and cost counts per model, less those before; a model that this request did not use is left out. */
function usageWithout(
  now: RunningTotals['modelUsage'],
  before: RunningTotals['modelUsage'],
): RunningTotals['modelUsage'] {
  const rest: RunningTotals['modelUsage'] = {};
  for (const [model, counts] of Object.entries(now)) {
    const earlier = before[model];
    if (earlier && JSON.stringify(earlier) === JSON.stringify(counts)) continue;
    rest[model] = Object.fromEntries(
      Object.entries(counts).map(([name, value]) => {
        const counted = /Tokens$|Requests$|^costUSD$/.test(name) && name !== 'maxOutputTokens';
        return [name, counted && typeof value === 'number' ? minus(value, Number(earlier?.[name] ?? 0)) : value];
      }),
    );
  }
  return rest;
}

/** Without the dust that binary fractions leave. */
function minus(a: number, b: number): number {
  return b === 0 ? a : Number((a - b).toFixed(12));
}
