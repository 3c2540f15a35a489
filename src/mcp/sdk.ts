/**
 * All that is used of the MCP SDK and of zod, in one module: the build (bundle.mjs) makes one file of the server and
 * of everything behind it. Loaded as the 140 files they are, they cost every session 120 ms and 15 MB more.
 */
export { Server } from '@modelcontextprotocol/sdk/server/index.js';
export { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
export {
  CallToolRequestSchema,
  type CallToolResult,
  ListToolsRequestSchema,
  type Tool,
} from '@modelcontextprotocol/sdk/types.js';

import { boolean, int, prettifyError, strictObject, string, toJSONSchema, union, enum as zEnum } from 'zod';

export type { infer as Infer, ZodObject } from 'zod';

/** The parts of zod that the tools need; not the namespace, which would bring all its languages along. */
export const z = { boolean, enum: zEnum, int, prettifyError, strictObject, string, toJSONSchema, union };
