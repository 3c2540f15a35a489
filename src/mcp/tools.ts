/** Every tool, in the order in which a model meets them. */
import type { Tool } from './tool.ts';
import { getTurn } from './tools/get-turn.ts';
import { listInstances } from './tools/list-instances.ts';
import { readHistory } from './tools/read-history.ts';
import { readInbox } from './tools/read-inbox.ts';
import { searchHistory } from './tools/search-history.ts';
import { sendMessage } from './tools/send-message.ts';
import { whoami } from './tools/whoami.ts';

export const tools: readonly Tool[] = [
  whoami,
  listInstances,
  sendMessage,
  readInbox,
  readHistory,
  searchHistory,
  getTurn,
];
