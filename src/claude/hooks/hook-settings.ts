/**
 * The entries that make claude talk to us, in the shape of Claude Code's settings (docs/claude-facts.md#hooks).
 * Used twice: written into the user's settings by `claudex install`, or carried for one launch through `--settings`.
 */

/** Every hook event claudex listens to. */
export const hookEvents = [
  'SessionStart',
  'SessionEnd',
  'UserPromptSubmit',
  'Stop',
  'StopFailure',
  'Notification',
  'PermissionRequest',
] as const;

export type HookEventName = (typeof hookEvents)[number];

export interface HookHandler {
  type: 'command';
  command: string;
  /** Seconds. */
  timeout?: number;
  /** Runs beside the session; when it exits with 2, claude starts a turn with what it wrote to stderr (about 2.1.107). */
  asyncRewake?: boolean;
  /** Shown to the user in the terminal when that happens. */
  rewakeSummary?: string;
  /** Precedes the text that the model gets. */
  rewakeMessage?: string;
}

export interface StatusLineSetting {
  type: 'command';
  command: string;
}

export interface ClaudexSettings {
  hooks: Record<string, Array<{ hooks: HookHandler[] }>>;
  statusLine: StatusLineSetting;
}

/** Where the scripts are and which home they speak to. */
export interface HookLocation {
  /** Absolute folder that holds claudex-hook and claudex-statusline. */
  hooksDir: string;
  /** CLAUDEX_HOME to use where the session's environment names none. */
  home: string;
}

/** `text` as one word for a POSIX shell. */
export function shellQuote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/**
 * A shell command that becomes the script, and quietly does nothing when the script is gone
 * (package removed without `claudex uninstall`): a hook must never make claude worse.
 */
function guardedCommand(location: HookLocation, script: string, argument?: string): string {
  const path = shellQuote(`${location.hooksDir}/${script}`);
  const argumentWord = argument === undefined ? '' : ` ${shellQuote(argument)}`;
  // not "${CLAUDEX_HOME:-…}": inside it a brace ends the word, and bash wants its quotes paired
  const home = `[ -n "$CLAUDEX_HOME" ] || CLAUDEX_HOME=${shellQuote(location.home)}; export CLAUDEX_HOME`;
  return `[ -x ${path} ] || exit 0; ${home}; exec ${path}${argumentWord}`;
}

/** The command of every hook entry; `wait` is the one that waits to wake the session, `ask` the one that waits beside a dialog. */
export function hookCommand(location: HookLocation, mode?: 'wait' | 'ask'): string {
  return guardedCommand(location, 'claudex-hook', mode);
}

/** The status line's command; `wrapped` is the user's own status-line command, run first. */
export function statusLineCommand(location: HookLocation, wrapped?: string): string {
  return guardedCommand(location, 'claudex-statusline', wrapped);
}

/** True for a hook's command line that runs (any version of) ours. */
export function isClaudexCommand(command: unknown): boolean {
  return typeof command === 'string' && /\/claudex-(hook|statusline)'/.test(command);
}

/** True for a status line that is (any version of) ours and no more: there is only one, so people build ours into their own. */
export function isClaudexStatusLine(command: unknown): boolean {
  return (
    typeof command === 'string' &&
    /^\[ -x '.*exec '(?:[^']|'\\'')*\/claudex-statusline'(?: '(?:[^']|'\\'')*')?$/s.test(command)
  );
}

/** True for the command of the hook that waits to wake a session, false for the one that every event has. */
export function isWaiterCommand(command: string): boolean {
  return command.endsWith(" 'wait'");
}

/** A session may sit idle, and a dialog stay open, this long; the daemon ends hooks that are no use earlier. */
const waitTimeoutSeconds = 7 * 24 * 3600;
/** After these events claude is idle: from then on a waiter can wake it. */
const waitEvents: readonly string[] = ['SessionStart', 'Stop'];

/** The whole settings fragment; `events` are those of ours that the claude it is for knows. */
export function claudexSettings(
  location: HookLocation,
  events: readonly HookEventName[] = hookEvents,
): ClaudexSettings {
  const handler: HookHandler = { type: 'command', command: hookCommand(location), timeout: 10 };
  const asker: HookHandler = { type: 'command', command: hookCommand(location, 'ask'), timeout: waitTimeoutSeconds };
  const waiter: HookHandler = {
    type: 'command',
    command: hookCommand(location, 'wait'),
    timeout: waitTimeoutSeconds,
    asyncRewake: true,
    rewakeSummary: 'message from claudex',
    rewakeMessage: 'A message has come in through claudex. Its first line says who sent it:',
  };
  return {
    hooks: Object.fromEntries(
      events.map((event) => {
        if (event === 'PermissionRequest') return [event, [{ hooks: [asker] }]];
        const handlers = waitEvents.includes(event) ? [handler, waiter] : [handler];
        return [event, handlers.map((one) => ({ hooks: [one] }))];
      }),
    ),
    statusLine: { type: 'command', command: statusLineCommand(location) },
  };
}
