/** Errors in words for the model: what is wrong, what is right, which tool helps. */
import { type ErrorCode, toClaudexError } from '../errors/claudex-error.ts';
import { type CallToolResult, z } from './sdk.ts';
import type { Tool } from './tool.ts';

/** Where the catalogue's fix names a command of the shell, the tool that does the same. */
const fixes: Partial<Record<ErrorCode, string>> = {
  NO_SUCH_SESSION: 'call list_instances to see who is live.',
  AMBIGUOUS_TARGET: 'use one of the ids listed.',
  NOT_IN_A_SESSION:
    'this server was not started by an interactive session; list_instances and the history tools work all the same.',
  EMPTY_MESSAGE: 'give the text in "body".',
  NO_SUCH_MESSAGE: 'call read_inbox to see the messages of this session.',
  MESSAGE_FAILED: 'see why in read_inbox; send it again only if it makes sense.',
  MESSAGE_STUCK: 'do not send it again: it may have arrived. Tell the person, who can look at that session.',
  NO_SUCH_CONVERSATION:
    'give a live session (list_instances), a folder that claude has worked in, or a claude session id.',
  NO_SUCH_TURN: 'call read_history to see the numbers of its turns; -1 is the last.',
  BAD_PATTERN: 'mend the pattern (JavaScript syntax), or leave options.regex away.',
  WRONG_STATE: 'call read_inbox to see its state.',
};

/** A failed call. */
export function errorResult(error: unknown): CallToolResult {
  const { code, message, fix } = toClaudexError(error);
  return failure(code, message, fixes[code] ?? fix);
}

/** Arguments that do not fit: names each, says what the tool takes, shows a call that is right. */
export function wrongArgumentsResult(tool: Tool, problems: string): CallToolResult {
  const { properties } = z.toJSONSchema(tool.input) as { properties: Record<string, object> };
  const takes = Object.keys(properties).length === 0 ? 'no arguments' : JSON.stringify(properties);
  const fix = `${tool.name} takes ${takes}. A call that is right: ${JSON.stringify(tool.example)}`;
  return failure('BAD_REQUEST', `Wrong arguments for ${tool.name}:\n${problems}`, fix);
}

function failure(code: ErrorCode, message: string, fix: string): CallToolResult {
  return {
    isError: true,
    content: [{ type: 'text', text: `${code}: ${message}\nFix: ${fix}` }],
    structuredContent: { error: { code, message, fix } },
  };
}
