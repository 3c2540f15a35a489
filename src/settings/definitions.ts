/** Every setting: its key, type, default, environment variable and meaning; docs/settings.md is checked against it. */

export interface SettingDefinition {
  key: string;
  type: 'string' | 'boolean' | 'integer';
  default: string | boolean | number | null;
  /** Environment variable that overrides the file. */
  env: string;
  /** For `integer`. */
  minimum?: number;
  /** For `string`: the only values it takes. */
  choices?: readonly string[];
  /** For `string`: what it must look like, and that in words. */
  pattern?: RegExp;
  takes?: string;
  text: string;
}

/** Which machines of the mesh: one word for all of them, or their names. */
const machines = {
  type: 'string',
  pattern: /^(all|none|trusted|[a-z0-9][a-z0-9_-]{0,39}(,[a-z0-9][a-z0-9_-]{0,39}){0,99})$/,
  takes: 'all, none, trusted, or names of machines with commas between them',
} as const;

export const settingDefinitions = [
  {
    key: 'claude.path',
    type: 'string',
    default: null,
    env: 'CLAUDEX_CLAUDE_BIN',
    text: 'The claude to run. Unset: the first one in PATH that is not claudex.',
  },
  {
    key: 'badge.enabled',
    type: 'boolean',
    default: true,
    env: 'CLAUDEX_BADGE',
    text: 'Show the badge in the status line of sessions that claudex starts before it is installed.',
  },
  {
    key: 'delivery.typePeers',
    type: 'boolean',
    default: false,
    env: 'CLAUDEX_TYPE_PEERS',
    text: 'Type messages of other sessions and programs as if you had typed them. Off: they arrive as a peer’s.',
  },
  {
    key: 'delivery.gatePatienceMs',
    type: 'integer',
    minimum: 0,
    default: 2000,
    env: 'CLAUDEX_GATE_PATIENCE_MS',
    text: 'How long a prompt box may stay occupied (a draft, somebody typing) before a task takes another way in.',
  },
  {
    key: 'delivery.leaseMs',
    type: 'integer',
    minimum: 1000,
    default: 30000,
    env: 'CLAUDEX_LEASE_MS',
    text: 'How long a delivery may stay unproven before the message goes back to the queue.',
  },
  {
    key: 'daemon.idleExitMs',
    type: 'integer',
    minimum: 1000,
    default: 1800000,
    env: 'CLAUDEX_DAEMON_IDLE_EXIT_MS',
    text: 'How long the daemon stays when there is no session, no message that waits, and nobody who looks.',
  },
  {
    key: 'notify.enabled',
    type: 'boolean',
    default: true,
    env: 'CLAUDEX_NOTIFY',
    text: 'Show a desktop notification when a task waits on a session that needs a person.',
  },
  {
    key: 'questions.relay',
    type: 'string',
    choices: ['on', 'off'],
    default: 'on',
    env: 'CLAUDEX_QUESTIONS_RELAY',
    text: 'Let what claude asks be answered from elsewhere too (`claudex waiting`). Off: in its terminal only.',
  },
  {
    key: 'questions.logInput',
    type: 'boolean',
    default: false,
    env: 'CLAUDEX_QUESTIONS_LOG_INPUT',
    text: 'Write what claude wanted to do into logs/questions.ndjson. Off: only a hash of it.',
  },
  {
    key: 'notify.command',
    type: 'string',
    pattern: /^\s*(?:[^\s[][\s\S]*|\[\s*"(?:[^"\\]|\\.)+"(?:\s*,\s*"(?:[^"\\]|\\.)*")*\s*\]\s*)$/,
    takes: 'the path of a program, or a JSON list of a program and its arguments',
    default: null,
    env: 'CLAUDEX_NOTIFY_COMMAND',
    text: 'A program that is run for what you may want to hear of elsewhere, with the event as JSON on its standard input (docs/notify.md).',
  },
  {
    key: 'peers.allow',
    type: 'string',
    choices: ['all', 'same-tree', 'none'],
    default: 'all',
    env: 'CLAUDEX_PEERS_ALLOW',
    text: 'Who may message whom among sessions and programs: all, same-tree (one’s folder is inside the other’s), none.',
  },
  {
    key: 'peers.maxHops',
    type: 'integer',
    minimum: 1,
    default: 8,
    env: 'CLAUDEX_PEERS_MAX_HOPS',
    text: 'How many messages sessions may pass on to each other, one out of the turn of the other, without a person.',
  },
  {
    key: 'peers.perMinute',
    type: 'integer',
    minimum: 1,
    default: 20,
    env: 'CLAUDEX_PEERS_PER_MINUTE',
    text: 'How many messages one session may send to one other within a minute.',
  },
  {
    key: 'sessions.max',
    type: 'integer',
    minimum: 1,
    default: 8,
    env: 'CLAUDEX_SESSIONS_MAX',
    text: 'How many managed sessions run at once. For one more the longest idle one goes to sleep.',
  },
  {
    key: 'sessions.idleTimeoutMs',
    type: 'integer',
    minimum: 1000,
    default: 1800000,
    env: 'CLAUDEX_SESSIONS_IDLE_TIMEOUT_MS',
    text: 'How long a managed session may be idle before it goes to sleep, where `start --idle-timeout` does not say.',
  },
  {
    key: 'attach.detachKey',
    type: 'string',
    pattern: /^(?:ctrl-|\^)[@-_a-z]$/i,
    takes: 'ctrl- and a letter or one of @ [ \\ ] ^ _',
    default: 'ctrl-\\',
    env: 'CLAUDEX_DETACH_KEY',
    text: 'The key that leaves an attached session running: ctrl- and a character.',
  },
  {
    key: 'session.onHangup',
    type: 'string',
    choices: ['end', 'keep'],
    default: 'end',
    env: 'CLAUDEX_ON_HANGUP',
    text: 'What becomes of a session whose window is closed or whose ssh line drops: `end`, as claude itself does, or `keep` it as a managed one.',
  },
  {
    key: 'warm.poolSize',
    type: 'integer',
    minimum: 1,
    default: 4,
    env: 'CLAUDEX_WARM_POOL_SIZE',
    text: 'How many claude processes `claudex prompt` keeps at most. Each takes about 300 MB.',
  },
  {
    key: 'warm.idleMs',
    type: 'integer',
    minimum: 1000,
    default: 600000,
    env: 'CLAUDEX_WARM_IDLE_MS',
    text: 'How long they, and the worker that holds them, stay when nobody asks.',
  },
  {
    key: 'warm.coldFallback',
    type: 'boolean',
    default: false,
    env: 'CLAUDEX_WARM_COLD_FALLBACK',
    text: 'Run `claude -p` itself where a warm process cannot do as it would. Off: refuse, and say why.',
  },
  {
    key: 'serve.workspaces',
    type: 'string',
    default: null,
    env: 'CLAUDEX_SERVE_WORKSPACES',
    text: 'The folder whose folders `claudex serve` serves, where --workspaces does not say.',
  },
  {
    key: 'serve.port',
    type: 'integer',
    minimum: 0,
    default: 4747,
    env: 'CLAUDEX_SERVE_PORT',
    text: 'The TCP port of `claudex serve`, where --port does not say.',
  },
  {
    key: 'serve.concurrency',
    type: 'integer',
    minimum: 1,
    default: 2,
    env: 'CLAUDEX_SERVE_CONCURRENCY',
    text: 'How many requests run at once in each workspace, and how many claude processes it has at most.',
  },
  {
    key: 'serve.queue',
    type: 'integer',
    minimum: 0,
    default: 16,
    env: 'CLAUDEX_SERVE_QUEUE',
    text: 'How many requests may wait in each workspace; the next one is refused with 429.',
  },
  {
    key: 'serve.timeoutMs',
    type: 'integer',
    minimum: 1000,
    default: 600000,
    env: 'CLAUDEX_SERVE_TIMEOUT_MS',
    text: 'How long a request may take, waiting included.',
  },
  {
    key: 'serve.idleMs',
    type: 'integer',
    minimum: 1000,
    default: 300000,
    env: 'CLAUDEX_SERVE_IDLE_MS',
    text: 'How long the processes of a workspace stay when nobody asks.',
  },
  {
    key: 'web.port',
    type: 'integer',
    minimum: 0,
    default: 4748,
    env: 'CLAUDEX_WEB_PORT',
    text: 'The TCP port of `claudex web`, where --port does not say.',
  },
  {
    key: 'web.push',
    type: 'string',
    choices: ['off', 'brief', 'full'],
    default: 'brief',
    env: 'CLAUDEX_WEB_PUSH',
    text: 'What Web Push tells browsers that asked for it: brief (the session’s name and the tool), full (also what would run), off (nothing).',
  },
  {
    key: 'web.pushAfterMs',
    type: 'integer',
    minimum: 0,
    default: 3000,
    env: 'CLAUDEX_WEB_PUSH_AFTER_MS',
    text: 'How long a question is open before it is pushed: who sits in front of it has answered by then.',
  },
  {
    key: 'web.pushContact',
    type: 'string',
    default: null,
    env: 'CLAUDEX_WEB_PUSH_CONTACT',
    text: 'Whom a push service may turn to: `mailto:` or `https://` of yours, told to it with each push. Unset: an address that is nobody’s.',
  },
  {
    key: 'web.pushPrivate',
    type: 'boolean',
    default: false,
    env: 'CLAUDEX_WEB_PUSH_PRIVATE',
    text: 'Let pushes go to addresses of this machine and its own network too, for a push service of your own.',
  },
  {
    key: 'mesh.send',
    ...machines,
    default: 'all',
    env: 'CLAUDEX_MESH_SEND',
    text: 'Which machines of the mesh may send messages to sessions here: all, none, trusted (claudex mesh trust), or names: laptop,ci.',
  },
  {
    key: 'mesh.read',
    ...machines,
    default: 'none',
    env: 'CLAUDEX_MESH_READ',
    text: 'Which machines may read conversations here (history, show, search).',
  },
  {
    key: 'mesh.peek',
    ...machines,
    default: 'none',
    env: 'CLAUDEX_MESH_PEEK',
    text: 'Which machines may look at the screens of sessions here (peek).',
  },
  {
    key: 'mesh.answer',
    ...machines,
    default: 'none',
    env: 'CLAUDEX_MESH_ANSWER',
    text: 'Which machines may see and answer what claude asks here (waiting, approve, deny, answer).',
  },
  {
    key: 'mesh.start',
    ...machines,
    default: 'none',
    env: 'CLAUDEX_MESH_START',
    text: 'Which machines may start sessions here (start).',
  },
  {
    key: 'mesh.encrypt',
    type: 'boolean',
    default: false,
    env: 'CLAUDEX_MESH_ENCRYPT',
    text: 'Encrypt what this machine and others say to each other, from end to end: the mesh’s server sees who, when and how much. What comes in the clear is refused.',
  },
  {
    key: 'mesh.agents',
    type: 'boolean',
    default: false,
    env: 'CLAUDEX_MESH_AGENTS',
    text: 'Let other programs on the mesh’s server prompt the sessions here by the Synadia Agent Protocol for NATS.',
  },
] as const satisfies readonly SettingDefinition[];

type Definition = (typeof settingDefinitions)[number];

export type SettingKey = Definition['key'];

type ValueOf<D extends SettingDefinition> = D extends { choices: readonly (infer Choice)[] }
  ? Choice
  : D extends { type: 'integer' }
    ? number
    : D extends { type: 'boolean' }
      ? boolean
      : D extends { default: null }
        ? string | null
        : string;

/** Every setting's value by key, as the table has it. */
export type Settings = { [D in Definition as D['key']]: ValueOf<D> };
