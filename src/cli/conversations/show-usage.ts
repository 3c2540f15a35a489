/** `claudex usage`: tokens and cost, for people and as JSON. */
import { type ConversationFile, conversationFile } from '../../claude/transcript/conversation-files.ts';
import { ensureDaemon } from '../../daemon-client/ensure-daemon.ts';
import { pathTarget } from '../../daemon-client/path-target.ts';
import { allFiles, findConversation, whereToLook } from '../../history/find-conversation.ts';
import { UsageReader } from '../../history/usage.ts';
import { claudeConfigDir } from '../../home/paths.ts';
import { tokensOf, type UsageSum } from '../../protocol/usage.ts';
import { parseDuration } from '../text/durations.ts';
import { colours, shortPath, table } from '../text/render.ts';

export interface UsageOptions {
  since: string;
  json?: boolean;
}

/** Without a target of every conversation; of one conversation each turn too. */
export async function showUsage(target: string | undefined, options: UsageOptions): Promise<void> {
  const sinceMs = Date.now() - parseDuration(options.since);
  const where = await whereToLook(await ensureDaemon(process.env), claudeConfigDir(process.env));
  const one = target === undefined ? undefined : conversationFile(findConversation(pathTarget(target), where).path);
  const files: ConversationFile[] = target === undefined ? allFiles(where) : one ? [one] : [];
  const reader = new UsageReader();
  await reader.read(files, one ? 0 : sinceMs);
  const report = reader.report(one ? 0 : sinceMs);
  const turns = one ? reader.turns(one) : undefined;
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ ...report, ...(turns && { turns }) }, null, 2)}\n`);
    return;
  }
  if (report.sessions.length === 0) {
    process.stdout.write(
      one
        ? 'Claude has used nothing in this conversation yet.\n'
        : `Claude has used nothing in the last ${options.since}.\n`,
    );
    return;
  }
  const aliases = new Map(where.names.map(({ alias, sessionId }) => [sessionId, alias]));
  const blocks = [
    turns
      ? section(
          'TURN',
          turns.map((turn) => [String(turn.turn), turn]),
        )
      : section(
          'SESSION',
          report.sessions.map((session) => [nameOf(session, aliases), session]),
        ),
    section('DAY', [...report.days.map((day): Row => [day.day, day]), ['total', report.total]]),
  ];
  process.stdout.write(`${blocks.join('\n\n')}\n`);
}

type Row = [name: string, sum: UsageSum];

function section(heading: string, rows: Row[]): string {
  const chalk = colours(process.stdout);
  const cells = rows.map(([name, sum]) => [
    name,
    grouped(sum.inputTokens),
    grouped(sum.cacheWriteTokens),
    grouped(sum.cacheReadTokens),
    grouped(sum.outputTokens),
    grouped(tokensOf(sum)),
    sum.costUsd === null ? '-' : `$${sum.costUsd.toFixed(2)}`,
  ]);
  const head = [heading, 'INPUT', 'CACHED', 'FROM CACHE', 'OUTPUT', 'TOKENS', 'COST'];
  return table(head, cells, (cell, column, row) =>
    row === -1 ? chalk.bold(cell) : column === 0 ? chalk.cyan(cell) : cell,
  );
}

function nameOf(
  { sessionId, cwd }: { sessionId: string; cwd: string | null },
  aliases: Map<string | null, string>,
): string {
  return `${sessionId.slice(0, 8)} ${aliases.get(sessionId) ?? (cwd === null ? '?' : shortPath(cwd))}`;
}

function grouped(count: number): string {
  return count.toLocaleString('en-US');
}
