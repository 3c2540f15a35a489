/** What a tool is: its words for the model, its arguments, and what it does. */
import type { DaemonClient } from '../daemon-client/client.ts';
import { ClaudexError } from '../errors/claudex-error.ts';
import type { SessionRecord } from '../protocol/session.ts';
import type { Infer, ZodObject } from './sdk.ts';

/** What a tool gives back: the same facts as data and as text. */
export interface ToolOutcome {
  data: Record<string, unknown>;
  text: string;
  /** True where the text is a delivery, which its mark is to prove; any other mark is taken out. */
  delivers?: true;
}

/** Where a call comes from, and the way to the daemon. */
export interface ToolContext {
  env: NodeJS.ProcessEnv;
  /** The name that the MCP client gave itself. */
  clientName: string;
  /** Aborted when the client cancels the call or goes away. */
  signal: AbortSignal;
  /** Says how a long call goes on, to clients that asked for it. */
  progress(text: string): void;
  /** Runs `use` with a daemon that answers, started if need be; once more when that daemon goes away meanwhile. */
  withDaemon<T>(use: (client: DaemonClient) => Promise<T>): Promise<T>;
  /** The session this server was started by, looked up anew each time; undefined where there is none. */
  ownSession(client: DaemonClient): Promise<SessionRecord | undefined>;
}

export interface Tool {
  name: string;
  /** At most 2 KB: claude cuts what is longer. */
  description: string;
  input: ZodObject;
  /** True for a tool that changes nothing. */
  readOnly: boolean;
  /** A call that is right, shown beside an error about a wrong one. */
  example: Record<string, unknown>;
  run(args: unknown, context: ToolContext): Promise<ToolOutcome>;
}

/** A tool whose `run` gets its arguments checked and typed. */
export function defineTool<Input extends ZodObject>(
  tool: Omit<Tool, 'run' | 'input'> & {
    input: Input;
    run(args: Infer<Input>, context: ToolContext): Promise<ToolOutcome>;
  },
): Tool {
  return tool as unknown as Tool;
}

/** Arguments that fit the schema and make no sense all the same. */
export function wrongArguments(facts: string): ClaudexError {
  return new ClaudexError('BAD_REQUEST', facts);
}
