/** What only `claudex status` names; part of the one catalogue (error-catalogue.ts). */
import type { ErrorEntry } from './error-catalogue.ts';

export const statusErrors = {
  DAEMON_VERSION: {
    text: 'The running daemon has another version than this command.',
    fix: 'stop it (claudex daemon stop); the next command starts the new one.',
    exitCode: 3,
    httpStatus: 500,
  },
  INSTALL_PARTIAL: {
    text: 'Some of the entries that `claudex install` makes are missing.',
    fix: 'run `claudex install` again.',
    exitCode: 3,
    httpStatus: 500,
  },
  INSTALL_STALE: {
    text: 'The hook scripts that `claudex install` has put there are of another version of claudex.',
    fix: 'run `claudex install` again.',
    exitCode: 3,
    httpStatus: 500,
  },
  HOOKS_DISABLED: {
    text: 'Claude will run no hook.',
    fix: 'take that setting away if you want bare sessions to be known; sessions started by claudex get messages all the same.',
    exitCode: 3,
    httpStatus: 500,
  },
  MCP_STALE: {
    text: 'The MCP server that claude knows is of another claudex or another Node, which may be gone.',
    fix: 'run `claudex install` again.',
    exitCode: 3,
    httpStatus: 500,
  },
  SESSION_SILENT: {
    text: 'A session reports nothing: its hooks have never run.',
    fix: 'trust its folder when claude asks; restart it if it was started before `claudex install`; check that hooks are not switched off (disableAllHooks, --bare, policy).',
    exitCode: 3,
    httpStatus: 500,
  },
} as const satisfies Record<string, ErrorEntry>;
