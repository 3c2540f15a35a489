import { homeErrors } from './home-errors.ts';
import { statusErrors } from './status-errors.ts';
import { terminalErrors } from './terminal-errors.ts';
import { warmErrors } from './warm-errors.ts';

/**
 * The one catalogue of what can go wrong in words a person can act on.
 * Exit codes: 1 our bug, 2 wrong usage, 3 the user can fix it, 4 timed out waiting, 5 the message failed, 6 needs a person.
 */
export interface ErrorEntry {
  /** What happened, one sentence without the facts of the case. */
  text: string;
  /** What to do about it. */
  fix: string;
  exitCode: number;
  httpStatus: number;
}

export const errorCatalogue = {
  CLAUDE_NOT_FOUND: {
    text: 'The claude command was not found.',
    fix: 'install Claude Code (npm install -g @anthropic-ai/claude-code), or point CLAUDEX_CLAUDE_BIN at it.',
    exitCode: 3,
    httpStatus: 500,
  },
  ...terminalErrors,
  DAEMON_START_FAILED: {
    text: 'The claudex daemon did not start.',
    fix: 'read the log (claudex daemon logs), then try again (claudex daemon start).',
    exitCode: 3,
    httpStatus: 500,
  },
  DAEMON_UNREACHABLE: {
    text: 'The claudex daemon does not answer.',
    fix: 'start it (claudex daemon start); if it hangs, stop it first (claudex daemon stop).',
    exitCode: 3,
    httpStatus: 503,
  },
  NO_SUCH_SESSION: {
    text: 'No live session matches that target.',
    fix: 'run `claudex list` to see who is live, or start one with `claudex` in that folder.',
    exitCode: 3,
    httpStatus: 404,
  },
  AMBIGUOUS_TARGET: {
    text: 'More than one live session matches that target.',
    fix: 'use one of the ids listed, or a full path that only one session has.',
    exitCode: 3,
    httpStatus: 409,
  },
  NO_SUCH_CONVERSATION: {
    text: 'No conversation matches that target.',
    fix: 'name a live session, a folder that claude has worked in, or a session id (`claudex history --list` shows them).',
    exitCode: 3,
    httpStatus: 404,
  },
  AMBIGUOUS_CONVERSATION: {
    text: 'More than one conversation matches that target.',
    fix: 'use one of the session ids listed, or the full path of the folder.',
    exitCode: 3,
    httpStatus: 409,
  },
  NO_SUCH_TURN: {
    text: 'The conversation has no such turn.',
    fix: 'run `claudex history <target>` to see the numbers of its turns; -1 is the last.',
    exitCode: 3,
    httpStatus: 404,
  },
  BAD_PATTERN: {
    text: 'That is no regular expression.',
    fix: 'mend the pattern (JavaScript syntax), or leave --regex away to search for the words as they are.',
    exitCode: 2,
    httpStatus: 400,
  },
  PATTERN_TOO_SLOW: {
    text: 'The pattern takes too long, so the search was stopped.',
    fix: 'take nested repetitions such as (a+)+ out of it, or search for plain words.',
    exitCode: 3,
    httpStatus: 408,
  },
  NAME_TAKEN: {
    text: 'Another live session has that name.',
    fix: 'choose another name, or take it away first (`claudex name <target> --clear`).',
    exitCode: 3,
    httpStatus: 409,
  },
  BAD_NAME: {
    text: 'That is no name for a session.',
    fix: 'use letters, digits, dots, dashes and underscores, at most 64, with a letter first.',
    exitCode: 2,
    httpStatus: 400,
  },
  NOT_IN_A_SESSION: {
    text: 'This shell is not inside a Claude Code session.',
    fix: 'run it from inside a session (its Bash tool or a hook), or use `claudex list`.',
    exitCode: 3,
    httpStatus: 404,
  },
  EMPTY_MESSAGE: {
    text: 'The message is empty.',
    fix: 'give the text as arguments, with --file, or on standard input.',
    exitCode: 2,
    httpStatus: 400,
  },
  MESSAGE_TOO_LARGE: {
    text: 'The message is larger than 256 KiB.',
    fix: 'put the long part in a file and name that file in the message.',
    exitCode: 2,
    httpStatus: 413,
  },
  NO_SUCH_MESSAGE: {
    text: 'No message has that id.',
    fix: 'run `claudex inbox` to see the messages that are known.',
    exitCode: 3,
    httpStatus: 404,
  },
  WRONG_STATE: {
    text: 'The state of the message does not allow that.',
    fix: 'run `claudex inbox show <id>` to see its state.',
    exitCode: 3,
    httpStatus: 409,
  },
  PEERS_NOT_ALLOWED: {
    text: 'Messages between these sessions are switched off.',
    fix: 'ask the person: the setting peers.allow and the variable CLAUDEX_PEERS decide (docs/settings.md).',
    exitCode: 3,
    httpStatus: 403,
  },
  TOO_MANY_HOPS: {
    text: 'Sessions have passed messages on to each other too often without a person.',
    fix: 'finish the turn and tell the person; a message of theirs starts afresh (setting peers.maxHops).',
    exitCode: 3,
    httpStatus: 429,
  },
  PEER_RATE_LIMIT: {
    text: 'This session has sent too many messages to that one within a minute.',
    fix: 'wait a minute, or put what there is to say into one message (setting peers.perMinute).',
    exitCode: 3,
    httpStatus: 429,
  },
  ROUTE_UNAVAILABLE: {
    text: 'That session does not offer the route asked for.',
    fix: 'leave --route away and let claudex choose, or read docs/delivery.md for what each route needs.',
    exitCode: 3,
    httpStatus: 409,
  },
  MESSAGE_FAILED: {
    text: 'The message got no answer.',
    fix: 'see why (claudex inbox show <id>), then send it again (claudex inbox retry <id>).',
    exitCode: 5,
    httpStatus: 409,
  },
  NEEDS_PERSON: {
    text: 'The session waits for a person.',
    fix: 'answer its permission prompt or dialog; the message stays and goes on by itself.',
    exitCode: 6,
    httpStatus: 409,
  },
  WAIT_TIMED_OUT: {
    text: 'No answer came in the time given.',
    fix: 'wait longer (--wait=5m), or look later with `claudex inbox show <id>`; the message stays.',
    exitCode: 4,
    httpStatus: 408,
  },
  BAD_REQUEST: {
    text: 'The request does not have the expected shape.',
    fix: 'compare it with docs/api.md.',
    exitCode: 2,
    httpStatus: 400,
  },
  BODY_TOO_LARGE: {
    text: 'The request body is too large.',
    fix: 'keep request bodies under 4 MiB.',
    exitCode: 2,
    httpStatus: 413,
  },
  NO_SUCH_ROUTE: {
    text: 'The daemon has no such address.',
    fix: 'compare the path and the method with docs/api.md.',
    exitCode: 1,
    httpStatus: 404,
  },
  UNKNOWN_SETTING: {
    text: 'There is no such setting.',
    fix: 'run `claudex config list` to see them all.',
    exitCode: 2,
    httpStatus: 400,
  },
  BAD_SETTING: {
    text: 'That value does not fit the setting.',
    fix: 'run `claudex config list` to see what each setting takes.',
    exitCode: 2,
    httpStatus: 400,
  },
  CONFIG_UNREADABLE: {
    text: 'The settings file of claudex cannot be read, so its settings are not used.',
    fix: 'mend the file by hand, or remove it.',
    exitCode: 3,
    httpStatus: 500,
  },
  USER_SETTINGS_UNREADABLE: {
    text: "Claude's settings file cannot be read as JSON, so it was left alone.",
    fix: 'mend the file by hand, then run the command again.',
    exitCode: 3,
    httpStatus: 500,
  },
  USER_SETTINGS_UNWRITABLE: {
    text: "Claude's settings file could not be written.",
    fix: 'check its permissions and that no other program rewrites it, then run the command again.',
    exitCode: 3,
    httpStatus: 500,
  },
  ...homeErrors,
  ...warmErrors,
  ...statusErrors,
  SERVE_START_FAILED: {
    text: 'claudex serve did not start.',
    fix: 'mend what it names above; another port is `--port <port>`, or 0 for a free one.',
    exitCode: 3,
    httpStatus: 500,
  },
  WORKSPACE_REFUSED: {
    text: 'That is no workspace.',
    fix: 'name a plain folder right below the root (--workspaces); links are not followed out of it.',
    exitCode: 2,
    httpStatus: 403,
  },
  USAGE: {
    text: 'The command line is not understood.',
    fix: 'run `claudex help` or `claudex <command> --help`.',
    exitCode: 2,
    httpStatus: 400,
  },
  INTERNAL: {
    text: 'claudex itself failed.',
    fix: 'please report it with the lines above and the output of `claudex status --json`.',
    exitCode: 1,
    httpStatus: 500,
  },
} as const satisfies Record<string, ErrorEntry>;
