/** What `claude -p` prints for a result and how it exits (measured on 2.1.197 and 2.1.330, docs/warm.md). */
import type { ResultLine, StreamLine } from '../stream/stream-json.ts';

export type OutputFormat = 'text' | 'json' | 'stream-json';

/**
 * The result without what 2.1.330 adds to it only because it reads a stream, or was asked for partial messages.
 * @param partial `--include-partial-messages` is among the arguments
 */
export function asPrinted(
  result: ResultLine,
  { format, partial }: { format: OutputFormat; partial: boolean },
): ResultLine {
  const copy = { ...result };
  if (!partial) delete copy.begun_message_ids;
  if (format !== 'stream-json') delete copy.model_usage_since_last_result;
  return copy;
}

/** 0, or 1 for every kind of error: of the API, turns used up, cut short. */
export function printExitCode(result: ResultLine): number {
  return result.is_error || result.subtype !== 'success' ? 1 : 0;
}

/** `--output-format text`. The errors have no newline at their end, as claude has none. */
export function textOutput(result: ResultLine, limits: { maxTurns?: string | undefined }): string {
  if (result.subtype === 'success') {
    const text = result.result ?? '';
    return text.endsWith('\n') ? text : `${text}\n`;
  }
  if (result.subtype === 'error_max_turns') return `Error: Reached max turns (${limits.maxTurns ?? ''})`;
  if (result.subtype === 'error_max_structured_output_retries') {
    return 'Error: Failed to provide valid structured output after maximum retries';
  }
  return 'Execution error';
}

/** `--output-format json`: the result, or with `--verbose` every line in one array. */
export function jsonOutput(result: ResultLine, lines: readonly StreamLine[] | undefined): string {
  return `${JSON.stringify(lines ? [...lines, result] : result)}\n`;
}
