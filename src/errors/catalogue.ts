/**
 * The one catalogue of what can go wrong in words a person can act on. A table: `npm run docs` writes docs/errors.md from it.
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

/** One row: exit code of a command, HTTP status of an answer, what happened, what to do about it. */
function entry(exitCode: number, httpStatus: number, text: string, fix: string): ErrorEntry {
  return { text, fix, exitCode, httpStatus };
}

export const errorCatalogue = {
  CLAUDE_NOT_FOUND: entry(
    3,
    500,
    'The claude command was not found.',
    'install Claude Code (npm install -g @anthropic-ai/claude-code), or point CLAUDEX_CLAUDE_BIN at it.',
  ),
  PTY_UNAVAILABLE: entry(
    3,
    500,
    'A terminal library (node-pty or koffi) could not be loaded.',
    'install claudex again on this machine, with the Node that runs it and without --omit=optional; until then claude runs without a terminal of its own, and list, send and status work.',
  ),
  NO_PSEUDO_TERMINAL: entry(
    3,
    500,
    'The system gave claudex no pseudo-terminal.',
    'see that /dev/ptmx and /dev/pts are there, that fewer terminals are open than kernel.pty.max allows, and that you may start more processes (ulimit -u); until then claude runs without a terminal of its own.',
  ),
  DAEMON_START_FAILED: entry(
    3,
    500,
    'The claudex daemon did not start.',
    'read the log (claudex daemon logs), then try again (claudex daemon start).',
  ),
  DAEMON_UNREACHABLE: entry(
    3,
    503,
    'The claudex daemon does not answer.',
    'start it (claudex daemon start); if it hangs, stop it first (claudex daemon stop).',
  ),
  PACKAGE_GONE: entry(
    3,
    500,
    'The files of claudex are gone.',
    'install claudex again; sessions that run go on, and find the daemon that is started then.',
  ),
  NO_SUCH_SESSION: entry(
    3,
    404,
    'No live session matches that target.',
    'run `claudex list` to see who is live, or start one with `claudex` in that folder.',
  ),
  AMBIGUOUS_TARGET: entry(
    3,
    409,
    'More than one live session matches that target.',
    'use one of the ids listed, or a full path that only one session has.',
  ),
  NO_SUCH_CONVERSATION: entry(
    3,
    404,
    'No conversation matches that target.',
    'name a live session, a folder that claude has worked in, or a session id (`claudex history --list` shows them).',
  ),
  AMBIGUOUS_CONVERSATION: entry(
    3,
    409,
    'More than one conversation matches that target.',
    'use one of the session ids listed, or the full path of the folder.',
  ),
  NO_SUCH_TURN: entry(
    3,
    404,
    'The conversation has no such turn.',
    'run `claudex history <target>` to see the numbers of its turns; -1 is the last.',
  ),
  BAD_PATTERN: entry(
    2,
    400,
    'That is no regular expression.',
    'mend the pattern (JavaScript syntax), or leave --regex away to search for the words as they are.',
  ),
  PATTERN_TOO_SLOW: entry(
    3,
    408,
    'The pattern takes too long, so the search was stopped.',
    'take nested repetitions such as (a+)+ out of it, or search for plain words.',
  ),
  NAME_TAKEN: entry(
    3,
    409,
    'Another live session has that name.',
    'choose another name, or take it away first (`claudex name <target> --clear`).',
  ),
  BAD_NAME: entry(
    2,
    400,
    'That is no name for a session.',
    'use letters, digits, dots, dashes and underscores, at most 64, with a letter first.',
  ),
  NOT_IN_A_SESSION: entry(
    3,
    404,
    'This shell is not inside a Claude Code session.',
    'run it from inside a session (its Bash tool or a hook), or use `claudex list`.',
  ),
  EMPTY_MESSAGE: entry(
    2,
    400,
    'The message is empty.',
    'give the text as arguments, with --file, or on standard input.',
  ),
  FILE_UNREADABLE: entry(2, 400, 'The file cannot be read.', 'check its path and its permissions.'),
  MESSAGE_TOO_LARGE: entry(
    2,
    413,
    'The message is larger than 256 KiB.',
    'put the long part in a file and name that file in the message.',
  ),
  QUEUE_FULL: entry(
    3,
    507,
    'Too much waits already, so the message was not accepted.',
    'let the sessions work it off, or take back what is not needed (`claudex inbox`, `claudex inbox cancel <id>`); about 128 MiB may wait.',
  ),
  NO_SUCH_MESSAGE: entry(3, 404, 'No message has that id.', 'run `claudex inbox` to see the messages that are known.'),
  WEB_START_FAILED: entry(
    3,
    500,
    'The web server could not start.',
    'choose another port (claudex web --port 0), another address, or look at what the system says.',
  ),
  WEB_NEEDS_TLS: entry(
    2,
    400,
    'Others on the network could read along.',
    'give --tls-cert and --tls-key, or say --plain-http where something else encrypts the line (an SSH tunnel, a VPN, a proxy).',
  ),
  WEB_NOT_RUNNING: entry(3, 503, 'No web server of yours runs.', 'start it: claudex web.'),
  NOT_SIGNED_IN: entry(
    3,
    401,
    'This browser or program has not been let in.',
    'open a new pairing link (claudex web pair), or show a token (claudex web token) as Authorization: Bearer.',
  ),
  SCOPE_MISSING: entry(
    3,
    403,
    'The token does not allow that.',
    'make one with that scope: claudex web token --name <name> --scope <scopes>.',
  ),
  FOREIGN_HOST: entry(
    3,
    403,
    'The Host header names another server than this one.',
    'use the address that claudex web prints, or allow the name: claudex web --allow-host <name>.',
  ),
  FOREIGN_ORIGIN: entry(
    3,
    403,
    'The request comes from another site’s page.',
    'open the page of this server itself; programs send no Origin and no cookie, but a token.',
  ),
  PAIRING_REFUSED: entry(
    3,
    401,
    'The pairing link is not good: it was used already, or is older than two minutes.',
    'make a new one: claudex web pair.',
  ),
  TOO_MANY_TRIES: entry(3, 429, 'Too many tries.', 'wait a minute, then try again.'),
  NO_SUCH_DEVICE: entry(3, 404, 'No device has that id.', 'run `claudex web devices` to see those that are let in.'),
  NOT_BY_A_SESSION: entry(
    3,
    403,
    'A claude session may not let anybody in.',
    'run it yourself, in a shell that no claude has started.',
  ),
  WRONG_STATE: entry(
    3,
    409,
    'The state of the message does not allow that.',
    'run `claudex inbox show <id>` to see its state.',
  ),
  PEERS_NOT_ALLOWED: entry(
    3,
    403,
    'Messages between these sessions are switched off.',
    'ask the person: the setting peers.allow and the variable CLAUDEX_PEERS decide (docs/settings.md).',
  ),
  TOO_MANY_HOPS: entry(
    3,
    429,
    'Sessions have passed messages on to each other too often without a person.',
    'finish the turn and tell the person; a message of theirs starts afresh (setting peers.maxHops).',
  ),
  PEER_RATE_LIMIT: entry(
    3,
    429,
    'This session has sent too many messages to that one within a minute.',
    'wait a minute, or put what there is to say into one message (setting peers.perMinute).',
  ),
  ROUTE_UNAVAILABLE: entry(
    3,
    409,
    'That session does not offer the route asked for.',
    'leave --route away and let claudex choose, or read docs/delivery.md for what each route needs.',
  ),
  MESSAGE_FAILED: entry(
    5,
    409,
    'The message got no answer.',
    'see why (claudex inbox show <id>), then send it again (claudex inbox retry <id>).',
  ),
  MESSAGE_STUCK: entry(
    5,
    409,
    'Nobody knows whether the message went in.',
    'look at the session: if the message is not there, `claudex inbox retry <id>` sends it again; else `claudex inbox cancel <id>` puts it away.',
  ),
  NEEDS_PERSON: entry(
    6,
    409,
    'The session waits for a person.',
    'answer its permission prompt or dialog; the message stays and goes on by itself.',
  ),
  WAIT_TIMED_OUT: entry(
    4,
    408,
    'No answer came in the time given.',
    'wait longer (--wait=5m), or look later with `claudex inbox show <id>`; the message stays.',
  ),
  BAD_REQUEST: entry(
    2,
    400,
    'The request does not have the expected shape.',
    'compare it with docs/api.md (the daemon) or docs/web.md (claudex web).',
  ),
  BODY_TOO_LARGE: entry(2, 413, 'The request body is too large.', 'keep request bodies under 4 MiB.'),
  NO_SUCH_ROUTE: entry(
    1,
    404,
    'There is no such address.',
    'compare the path and the method with docs/api.md (the daemon) or docs/web.md (claudex web).',
  ),
  UNKNOWN_SETTING: entry(2, 400, 'There is no such setting.', 'run `claudex config list` to see them all.'),
  BAD_SETTING: entry(
    2,
    400,
    'That value does not fit the setting.',
    'run `claudex config list` to see what each setting takes.',
  ),
  CONFIG_UNREADABLE: entry(
    3,
    500,
    'The settings file of claudex cannot be read, so its settings are not used.',
    'mend the file by hand, or remove it.',
  ),
  USER_SETTINGS_UNREADABLE: entry(
    3,
    500,
    "Claude's settings file cannot be read as JSON, so it was left alone.",
    'mend the file by hand, then run the command again.',
  ),
  USER_SETTINGS_REFUSED: entry(
    3,
    500,
    'Claude refuses its settings file and uses none of it: no hook runs, and no badge is shown.',
    'take comments and trailing commas out at that place; claude takes plain JSON only.',
  ),
  USER_SETTINGS_UNWRITABLE: entry(
    3,
    500,
    "Claude's settings file could not be written.",
    'check its permissions and that no other program rewrites it, then run the command again.',
  ),
  HOME_NOT_PRIVATE: entry(
    3,
    500,
    'The claudex folder is not safely yours.',
    'make sure the folder belongs to you and is not a link, or set CLAUDEX_HOME to one that does.',
  ),
  HOME_UNWRITABLE: entry(
    3,
    507,
    'The claudex folder cannot be written to.',
    'free disk space where it is full, mend the permissions where they forbid it (chmod u+rwx), or set CLAUDEX_HOME to a folder that can be written to.',
  ),
  CURRENT_FOLDER_GONE: entry(
    3,
    500,
    'The current folder is gone.',
    'change to a folder that is there (cd), or name the target by its id, its name or its full path.',
  ),
  JOURNAL_UNWRITABLE: entry(
    3,
    507,
    'The message could not be written to disk, so it was not accepted.',
    'free disk space or mend the permissions of the claudex folder, then send it again.',
  ),
  TIMEOUT: entry(
    4,
    504,
    'Claude did not answer in the time given.',
    'give it more time (timeoutMs, spawnTimeoutMs), or ask for less.',
  ),
  ABORTED: entry(
    130,
    499,
    'The request was taken back.',
    'nothing; whoever asked has stopped it, or the client was closed.',
  ),
  POOL_EXHAUSTED: entry(
    4,
    503,
    'Every warm process is busy, and none came free in time.',
    'raise poolSize, maxWaiting or acquireTimeoutMs (the setting warm.poolSize), or ask less at once.',
  ),
  SESSION_CRASHED: entry(
    3,
    502,
    'The claude process ended in the middle of the request.',
    'ask again: a new process takes the next request. If it happens again, read what claude said above.',
  ),
  CLAUDE_ERROR: entry(
    3,
    502,
    'Claude answered with an error.',
    'read what it said; `claudex -- -p "hello"` asks claude directly.',
  ),
  INVALID_OPTIONS: entry(2, 400, 'The options are not valid.', 'compare them with docs/warm.md.'),
  NOT_WARM: entry(
    2,
    400,
    'A warm process cannot do that as `claude -p` would.',
    'add --cold to run `claude -p` itself, or let claudex do so by itself (claudex config set warm.coldFallback true).',
  ),
  WORKER_START_FAILED: entry(
    3,
    500,
    'The process that keeps claude warm did not start.',
    'read its log (warm/worker.log in the claudex folder), or add --cold.',
  ),
  WORKER_SILENT: entry(
    3,
    500,
    'The process that keeps claude warm does not answer.',
    'end it (claudex warm drain), then ask again: the next prompt starts a new one; or add --cold.',
  ),
  DAEMON_VERSION: entry(
    3,
    500,
    'The running daemon has another version than this command.',
    'stop it (claudex daemon stop); the next command starts the new one.',
  ),
  INSTALL_PARTIAL: entry(
    3,
    500,
    'Some of the entries that `claudex install` makes are missing.',
    'run `claudex install` again.',
  ),
  INSTALL_STALE: entry(
    3,
    500,
    'The hook scripts that `claudex install` has put there are of another version of claudex.',
    'run `claudex install` again.',
  ),
  HOOKS_DISABLED: entry(
    3,
    500,
    'Claude will run no hook.',
    'take that setting away if you want bare sessions to be known; sessions started by claudex get messages all the same.',
  ),
  MCP_STALE: entry(
    3,
    500,
    'The MCP server that claude knows is of another claudex or another Node, which may be gone.',
    'run `claudex install` again.',
  ),
  SESSION_SILENT: entry(
    3,
    500,
    'A session reports nothing: its hooks have never run.',
    'run `claudex install` where that has not been done, and restart a session that is older; trust its folder when claude asks; check that hooks are not switched off (disableAllHooks, --bare, policy).',
  ),
  SERVE_START_FAILED: entry(
    3,
    500,
    'claudex serve did not start.',
    'mend what it names above; another port is `--port <port>`, or 0 for a free one.',
  ),
  WORKSPACE_REFUSED: entry(
    2,
    403,
    'That is no workspace.',
    'name a plain folder right below the root (--workspaces); links are not followed out of it.',
  ),
  MANAGED_EXISTS: entry(
    3,
    409,
    'There is a managed session of that name in that folder.',
    'attach to it (claudex attach <id>), resume it (claudex resume <id>), forget it (claudex forget <id>), or give the new one a name (--name).',
  ),
  NO_SUCH_MANAGED: entry(
    3,
    404,
    'No managed session matches that target.',
    'run `claudex list --all` to see them; `claudex start` makes one.',
  ),
  NOT_RUNNING: entry(3, 409, 'That session is not running.', 'start it again: claudex resume <id>.'),
  SESSION_RUNS: entry(3, 409, 'That session is running.', 'stop it first: claudex stop <id>.'),
  SESSIONS_FULL: entry(
    3,
    409,
    'As many managed sessions run as may, and none of them is idle.',
    'stop one (claudex stop <id>), wait until one is idle, or raise the setting sessions.max.',
  ),
  CONVERSATION_OPEN: entry(
    3,
    409,
    'That conversation is open in another process.',
    'attach to it (claudex attach <id>), or go on in a copy of it (-- --resume <id> --fork-session).',
  ),
  HOST_START_FAILED: entry(
    3,
    500,
    'The session could not be started.',
    'mend what it names above; its log is hosts/<id>.log in the claudex folder.',
  ),
  HOST_UNREACHABLE: entry(
    3,
    503,
    'The process that holds that session does not answer.',
    'see `claudex list --all`; if it hangs, `claudex stop --now <id>` ends it.',
  ),
  NOT_ATTACHABLE: entry(
    3,
    409,
    'Nobody but its own terminal can show that session.',
    'end it there, and start it with claudex: claudex --resume <its session id>, or claudex start . -- --resume <its session id>.',
  ),
  ATTACH_INSIDE: entry(2, 409, 'A session cannot be attached to from inside itself.', 'run it in another terminal.'),
  NO_TERMINAL: entry(2, 400, 'That needs a terminal.', 'run it in one; `claudex peek` shows the screen without.'),
  USAGE: entry(2, 400, 'The command line is not understood.', 'run `claudex help` or `claudex <command> --help`.'),
  INTERNAL: entry(
    1,
    500,
    'claudex itself failed.',
    'please report it with the lines above and the output of `claudex status --json`.',
  ),
} satisfies Record<string, ErrorEntry>;
