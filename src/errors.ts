/**
 * The one catalogue of what can go wrong in words a person can act on.
 * Exit codes: 1 our bug, 2 wrong usage, 3 the user can fix it, 4 timed out waiting, 5 the message failed, 6 needs a person.
 */
interface ErrorEntry {
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
  PTY_UNAVAILABLE: {
    text: 'A terminal library (node-pty or koffi) could not be loaded.',
    fix: 'install claudex again on this machine, with the Node that runs it and without --omit=optional; until then claude runs without a terminal of its own, and list, send and status work.',
    exitCode: 3,
    httpStatus: 500,
  },
  HOME_NOT_PRIVATE: {
    text: 'The claudex folder is not safely yours.',
    fix: 'make sure the folder belongs to you and is not a link, or set CLAUDEX_HOME to one that does.',
    exitCode: 3,
    httpStatus: 500,
  },
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
  JOURNAL_UNWRITABLE: {
    text: 'The message could not be written to disk, so it was not accepted.',
    fix: 'free disk space or mend the permissions of the claudex folder, then send it again.',
    exitCode: 3,
    httpStatus: 507,
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

export type ErrorCode = keyof typeof errorCatalogue;

/** An error with a code, the facts of this case, and the fix from the catalogue. */
export class ClaudexError extends Error {
  override readonly name = 'ClaudexError';
  readonly code: ErrorCode;
  readonly facts: string;

  constructor(code: ErrorCode, facts = '', options: { cause?: unknown } = {}) {
    super(facts ? `${errorCatalogue[code].text} ${facts}` : errorCatalogue[code].text, options);
    this.code = code;
    this.facts = facts;
  }

  get fix(): string {
    return errorCatalogue[this.code].fix;
  }
  get exitCode(): number {
    return errorCatalogue[this.code].exitCode;
  }
  get httpStatus(): number {
    return errorCatalogue[this.code].httpStatus;
  }
}

/** True for a code that the catalogue holds (used on what comes over the wire). */
export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(errorCatalogue, value);
}

/** Any thrown value as a ClaudexError: our own pass through, the rest become INTERNAL. */
export function toClaudexError(error: unknown): ClaudexError {
  if (error instanceof ClaudexError) return error;
  return new ClaudexError('INTERNAL', error instanceof Error ? error.message : String(error), { cause: error });
}

/** The code of a Node system error (`ENOENT`, …), or undefined for anything else. */
export function systemErrorCode(error: unknown): string | undefined {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return undefined;
}
