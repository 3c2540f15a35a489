/**
 * What claudex promises, as data: id → behaviour, and where somebody has met its absence. Tests cite ids with `verifies`;
 * test/unit/requirements.test.ts counts them both ways.
 */

export const requirements = {
  'terminal-bytes': {
    text: 'Bytes of claude reach the terminal as they are, all of them, also those written just before the exit.',
  },
  'terminal-exit': {
    text: 'The exit code or the signal of claude is the one of claudex.',
  },
  'terminal-restored': {
    text: 'The terminal is as it was found, whatever ended claude.',
    source: 'ai-jail #40',
  },
  'terminal-size': { text: 'The size of the terminal and its changes reach claude.' },
  'terminal-settings': {
    text: 'Claude finds its terminal set as the person’s: flags, control characters, size in cells and pixels.',
  },
  'terminal-nested': {
    text: 'claudex passes everything on inside another terminal program, and inside another claudex.',
  },
  'terminal-flow': {
    text: 'A terminal or a claude that does not read costs no memory and loses nothing.',
  },
  suspend: {
    text: 'A stop gives the shell its terminal back, and going on brings claude back.',
  },
  'without-pty': {
    text: 'Without the terminal library claude runs all the same, and the other commands work.',
  },
  passthrough: {
    text: 'What is no session goes to claude with our own stdio: identical bytes and exit code.',
  },
  'never-itself': {
    text: 'claudex never runs itself as claude; when there is no claude it says how to install one.',
  },
  'clean-environment': {
    text: 'An outer session’s own variables do not reach claude; the user’s CLAUDE_CODE_* settings do.',
    source: 'claude-code #76269; claude-code #72347',
  },
  'runs-alone': { text: 'With the daemon down or broken the session runs on.' },
  'launch-settings': {
    text: 'Hooks for one launch are merged with the user’s own --settings, which keep their say.',
  },
  'clean-descriptors': {
    text: 'What claudex leaves running keeps no file open for whoever happened to start it.',
    source: 'a script that holds a lock',
  },
  'one-daemon': { text: 'There is exactly one daemon per CLAUDEX_HOME.', source: 'claude-code #84029' },
  'private-home': {
    text: 'Home 0700, socket and files 0600; a path too long for sun_path moves to a runtime folder.',
  },
  'daemon-comes-back': {
    text: 'A stale socket, a deleted socket and a killed daemon are mended by whoever comes next.',
  },
  'package-removed': {
    text: 'A session and an MCP server live on when the package they run from is replaced or removed.',
  },
  'daemon-by-hooks': {
    text: 'After install the hooks of a claude start the daemon where none runs, at once and unseen; not after a person has stopped it.',
  },
  'idle-exit': {
    text: 'A daemon that no session, message or viewer needs ends by itself, and at once when its folder is gone.',
  },
  'bad-requests': {
    text: 'A wrong request is answered with a 4xx and a code, and the daemon goes on.',
  },
  'log-without-bodies': { text: 'Logs are structured, rotated, and never hold a body.' },
  badge: {
    text: 'The badge says id, peers and unread, each absent at 0, in a file per session.',
  },
  target: { text: 'id, name, basename or path finds one session, or says who is live.' },
  'accepted-on-disk': {
    text: 'An accepted message is on disk; a journal cut short or damaged loses only what was cut.',
  },
  'exactly-once': {
    text: 'A message goes in once: states only move along allowed steps, a key repeats the first id, a restart doubles nothing.',
    source: 'agent-deck #1142',
  },
  'keyboard-walks': {
    text: 'Whatever a person presses while messages come: none lost, doubled, mixed with their text or run by a shell, no draft touched, no dialog answered.',
  },
  'order-kept': {
    text: 'Order per recipient is the order of acceptance, also after a retry.',
  },
  routes: {
    text: 'One pure function chooses the route from state, sender, kind and what is on offer.',
  },
  'plain-text': {
    text: 'A body is plain text: no control character of it reaches the terminal, no line of it is a command.',
  },
  'no-endless-repeat': {
    text: 'What cannot be proven is tried once more at most, by another way where there is one; then it stands still until a person decides.',
  },
  denial: {
    text: 'A dialog that our message opens in claude comes up in nobody’s typing, and a no is an answer.',
  },
  mark: {
    text: 'Only the first attribution line proves a delivery; a body is never cut.',
  },
  draft: {
    text: 'Whatever the person typed, pasted or recalled is a draft; what a terminal says by itself is not.',
    source: 'agent-message-queue #95',
  },
  'prompt-box': {
    text: 'Only a box known to be empty is typed into; in doubt it is unknown.',
  },
  dialog: { text: 'No dialog is ever answered by a message.', source: 'agent-message-queue #216; devthrottle #3210' },
  'keys-kept': {
    text: 'Keys pressed while a message is typed follow it in order, none lost.',
  },
  enter: {
    text: 'Enter is a write of its own, pressed again only while our own text stands in the box untouched.',
    source: 'Codeman #455',
  },
  'idle-wake': { text: 'A message wakes an idle session.', source: 'claude-code #44380' },
  note: { text: 'A note is silent until the next prompt or task.' },
  answer: { text: 'ask prints the answer of the turn the message started.' },
  hold: { text: 'What waits for a session is for the next one in that folder.' },
  settings: { text: 'Environment over file over default; each value is checked.' },
  'mcp-tools': {
    text: 'The tools of the MCP server list sessions, send, read the inbox and the history; what they return fits claude’s limit or comes in pages.',
  },
  'mcp-stdout': {
    text: 'The MCP server writes nothing but JSON-RPC to stdout, whatever comes in.',
  },
  'mcp-identity': {
    text: 'The MCP server knows its session by its parent process, also after /clear and a restart of the daemon.',
  },
  'mcp-install': {
    text: 'install tells claude of the MCP server and uninstall takes exactly that out.',
  },
  'peer-rules': {
    text: 'Messages of sessions are attributed, linked to what they answer, damped by hops and rate, and only between those who may.',
  },
  'start-question': {
    text: 'What claude asks before its prompt box (trust, MCP servers, log-in, onboarding, consent) is named by start and list and never answered.',
    source: 'docs/managed.md',
  },
  'managed-api': {
    text: 'Over the daemon’s socket a program starts, sees, stops and resumes managed sessions, attaches by upgrade, and hears of every change.',
    source: 'docs/api.md',
  },
  'send-start': {
    text: 'send --start starts a managed session where none is; a message goes to the session it was sent to, woken or waited for, and to no other.',
    source: 'docs/managed.md',
  },
  schedules: {
    text: 'Scheduled tasks come by the wall clock of their time zone, once each, across restarts, missed times, set clocks and the change of the hour.',
    source: 'docs/managed.md',
  },
  'sessions-file': {
    text: 'up starts what a file declares and is missing, changes nothing that runs, and names the line and the field of a mistake.',
    source: 'docs/managed.md',
  },
  service: {
    text: 'service has the system start the daemon at a login; that brings the sessions that were running back, with their conversations.',
    source: 'docs/managed.md',
  },
  'truth-after-kill': {
    text: 'After kill -9 of everything, list tells the truth within two seconds.',
    source: 'docs/managed.md',
  },
  'managed-outlives-terminal': {
    text: 'A managed session runs on without a terminal; whoever attaches sees its screen as it is, and may leave again.',
    source: 'cc#63631, cc#88017',
  },
  'attach-shows-screen': {
    text: 'Whoever attaches sees what the host shows, cursor and modes included, wherever the output was cut.',
    source: 'superset PR#4231, cc#63631',
  },
  'attach-bounded': {
    text: 'What a host keeps for a viewer that does not read stays about a megabyte, five thousand long lines above the screen included.',
    source: 'tmux',
  },
  'attach-viewers': {
    text: 'However viewers come, go, resize, type and stall, each ends with what the host shows; no key is lost or doubled; none holds up another.',
    source: 'paseo#450, ttyd#273, zellij#2490',
  },
  'ordinary-attach': {
    text: "A session in a person's terminal can be shown and typed into from another one; the person's terminal stays right, and no session that nobody looks at pays for it.",
    source: 'vibetunnel#72, cc#88017',
  },
  'hand-over': {
    text: 'A session leaves its terminal in the middle of anything and runs on: claude does not notice, no byte is lost or doubled, the terminal is as it was found.',
    source: 'cc#73670, cc#63631',
  },
  'hang-up-keep': {
    text: 'Where it is set, a session whose window is closed or whose line drops runs on.',
    source: 'cc#84349',
  },
  'managed-leaves-nothing': {
    text: 'Starts and ends of managed sessions leave no process, descriptor, socket or file.',
    source: 'cc#68243',
  },
  'managed-wakes': {
    text: 'A managed session that sleeps is woken by a message, in the same conversation.',
    source: 'cc#86092',
  },
  'managed-survives': {
    text: 'A managed session survives the end of the daemon, and a crash of claude by resuming.',
    source: 'Codeman#411, cc#73670, commonly#207',
  },
  'managed-lifecycle': {
    text: 'A managed session that a person has stopped stays stopped until a person resumes it.',
    source: 'cc#79789',
  },
  'board-answers': {
    text: 'A key of the board answers only a question that has been in sight to its end, and for half a second.',
    source: 'agent-message-queue #216',
  },
  'board-safe': {
    text: 'Nothing that a session, a folder or a tool is called or says acts on the terminal of the board.',
  },
  'answer-truth': {
    text: 'Of two answers to what claude asks one counts, and whoever gave the other is told so; what nobody can know is said to be so.',
  },
  'question-withdrawn': {
    text: 'What claude no longer asks is withdrawn, whatever ended it, and no process of ours waits for it any longer.',
  },
  'question-shown-safely': {
    text: 'What claude asks is shown whole, nothing in it hides or acts on a terminal, and none of it harms the daemon.',
  },
  'answer-trail': {
    text: 'Who was asked what, who was shown it and who has answered stands in a log of the person’s own, without what was asked for.',
  },
  'notify-command': {
    text: 'A program of the person’s is told what waits for them, as data, a bounded number of times and for a bounded time.',
  },
  'hook-trace': {
    text: 'status says by evidence whether the hooks of each session live, why not, and what one has failed of.',
    source: 'claude-code #92489; omnigent PR#6111',
  },
  'inbox-drain': {
    text: 'What a session takes by reading its inbox is delivered once, proven by its transcript.',
  },
  'warm-fresh': {
    text: 'Nothing of a request is left for the next one on a warm process; what cannot be reset ends the process.',
    source: 'claude-agent-sdk-typescript #34',
  },
  'warm-same': {
    text: 'claudex prompt prints and exits as claude -p does; what it cannot do so is refused or run cold.',
  },
  'warm-bounded': {
    text: 'Every wait of the pool is bounded, a crash costs one request at most, abort ends a turn.',
  },
  'warm-hygiene': {
    text: 'What a request has started does not outlive it; after close no process is left.',
    source: 'claude-tap #455',
  },
  'warm-unseen': {
    text: 'A claude without a prompt box is no session: it is not listed and gets no messages.',
    source: 'measured on 2.1.197 and 2.1.330',
  },
  'warm-library': {
    text: 'createClient answers, streams, and fails with the codes that it names.',
  },
  'history-turns': {
    text: 'A transcript of either test version reads as turns: prompt, steps, answer, how it ended.',
  },
  'history-damaged': {
    text: 'Unknown, damaged, cut, huge and half-written lines are passed over; the rest is read.',
  },
  'history-redacted': {
    text: 'Long tool results are cut and say by how much, what looks like a secret is masked, unless raw.',
  },
  'history-terminal': {
    text: 'What stands in a transcript cannot act on the terminal that shows it.',
    source: 'CVE-2021-42574',
  },
  'history-target': {
    text: 'A conversation is found by live session, name, session id or folder, also after its end.',
  },
  'search-exact': {
    text: 'The quick look at raw bytes finds every line that the exact match would.',
  },
  'search-bounded': { text: 'No pattern makes a search hang.' },
  'session-name': {
    text: 'A name stays through /clear and a restart of the daemon, and comes back with its conversation.',
    source: 'claude-pool #113',
  },
  'find-session': {
    text: 'list picks by folder and state; the completions of each shell offer live sessions.',
  },
  'serve-sdk': {
    text: 'An Anthropic SDK with another baseURL and key streams and answers as with the API itself, errors included.',
  },
  'serve-honest': {
    text: 'What a claude process cannot honour of a request is refused by name, never silently different.',
  },
  'serve-isolated': {
    text: 'A workspace has its own folder, config folder, credentials, MCP servers and process tree; none sees another’s.',
  },
  'serve-guarded': {
    text: 'Loopback, a token, the Host header, size and time of a body, no way out of the workspaces root.',
  },
  'serve-limits': {
    text: 'Each workspace runs and queues so many requests; the next one is refused with 429 and when to come back.',
  },
  'web-who-may': {
    text: 'The web lets in who was paired or has a token, each for its scopes; a pairing link is good once, a revoked device is out at once.',
  },
  'web-attacks': {
    text: 'DNS rebinding, cross-site requests and sockets, traversal, oversized and slow bodies and ten thousand connections get nowhere.',
  },
  'web-api': {
    text: 'Every route of the web is in openapi.json; errors name their fix, unknown fields are named, a repeated request does nothing twice.',
  },
  'web-tls': {
    text: 'claudex web speaks TLS with the certificate it is given; beyond loopback it does not start without.',
  },
  'far-tokens': {
    text: 'The token of another machine is kept 0600, tried when it is added, and stands in no argument, answer or log.',
  },
  'far-pairing': {
    text: 'claudex host add spends a pairing link for a token with the scopes asked for; a certificate that nobody else has signed is trusted by its fingerprint alone.',
  },
  'far-commands': {
    text: 'With --host a command does on another machine what it does here; what does not work from there says what does.',
  },
  'far-attach': { text: 'attach to another machine draws, types and leaves the terminal as attach does here.' },
  'web-chat': {
    text: 'A client of claude-socket talks to a session with only its URL changed; all clients of a session see the same.',
  },
  'web-events': { text: 'Whoever was away is told what was missed, or to read everything anew.' },
  'web-terminal': {
    text: 'A terminal in the web is a viewer like any other: it begins with the screen, types only where it may, and never holds claude up.',
  },
  usage: {
    text: 'Each answer of the API is counted once: whatever number of records it has, also where a fork has copied it.',
  },
  'serve-ends': {
    text: 'A client that goes aborts its request; whatever ends the server, no process is left.',
  },
  'serve-watched': {
    text: 'Health without a token; metrics with one, in Prometheus’ format.',
  },
  background: {
    text: 'A session that claude moves into the background is followed there: listed, sent to, proven; nothing goes into what is left of it.',
    source: 'docs/delivery.md, sessions in the background',
  },
  'nested-claude': {
    text: 'A claude that runs inside a session takes nothing of it, ends nothing of it, and speaks and reads for nobody.',
  },
  'unwritable-home': {
    text: 'A claudex folder that takes no writes is an error that names the folder, what the system says, and the fix.',
    source: 'a daemon started on a full disk said INTERNAL',
  },
  'web-push': {
    text: 'A question is pushed to the devices that asked for it, by https to the world only; a device that is revoked or gone is pushed to no more.',
  },
  'web-page-works': {
    text: 'In a browser: pair, start, watch the live terminal, type, send, read the answer, stop, resume.',
  },
  'web-page-answers': {
    text: 'A question of claude’s is answered from a phone, after all of what would run was shown.',
  },
  'web-page-reconnects': {
    text: 'The page comes back by itself when server and daemon were away; nothing that was typed is lost.',
  },
  'web-page-is-safe': { text: 'What sessions, messages and terminals say never becomes a part of the page.' },
  'web-page-wall': { text: 'The wall shows all terminals at once, each with its own session, live.' },
  'web-page-accessible': { text: 'axe finds nothing serious on the page, at three sizes, light and dark.' },
  'mesh-server': {
    text: '`claudex mesh up` runs nats-server for a group; each machine has a key of its own with which it writes under its own name alone; one that is revoked is out at once.',
    source: 'docs/mesh.md',
  },
  'mesh-join': {
    text: 'A machine joins whole or not at all: dead address, wrong key, no JetStream, wrong clock and a taken name are errors with a fix, and leave nothing behind.',
    source: 'docs/mesh.md',
  },
  'mesh-seeing': {
    text: '`claudex list` shows the sessions of every machine of the mesh; one that is away stays there as such, with what it has last told.',
    source: 'docs/mesh.md',
  },
  'mesh-hostile': {
    text: 'Nothing that another machine tells is believed in its form: malformed, oversized and forged records are refused, and no text acts on a terminal.',
    source: 'docs/mesh.md',
  },
  'mesh-signed': {
    text: 'What one machine says to another is signed with its own key: changed, forged, misdirected and malformed pieces are refused.',
    source: 'docs/mesh.md',
  },
  'mesh-sending': {
    text: 'A message to a session of another machine is delivered exactly once and in order, with proof and answer, whatever fails on the way; what cannot be is said.',
    source: 'docs/mesh.md',
  },
  'mesh-asks': {
    text: '`history`, `show`, `search`, `peek`, `waiting`, `approve`, `deny`, `answer` and `start` reach a session of another machine as `x@machine`, where that machine allows it.',
    source: 'docs/mesh.md',
  },
  'mesh-trust': {
    text: '`claudex mesh trust` pins a machine’s key; whoever comes back under its name with another key is not trusted, and that is said.',
    source: 'docs/mesh.md',
  },
  'mesh-known-keys': {
    text: 'A machine keeps the key that it was first seen with: whoever writes over its record speaks for nobody, and that is said.',
    source: 'docs/mesh.md',
  },
  'mesh-encrypt': {
    text: 'With `mesh.encrypt` what machines say to each other only they can read: the server sees who, when and how much; what comes in the clear is refused.',
    source: 'docs/mesh.md',
  },
  'mesh-who-may': {
    text: 'What another machine may do here, the settings of this one say: send, read, peek, answer, start; by default send alone.',
    source: 'docs/mesh.md',
  },
  'mesh-agents': {
    text: 'With `mesh.agents` a session is an agent of the Synadia Agent Protocol for NATS: found, prompted as a peer through its queue, answered in pieces; what the protocol or a setting does not allow is refused in its words.',
    source: 'docs/mesh.md',
  },
  'mesh-not-joined': {
    text: 'A machine in no mesh loads nothing of it and starts no process for it.',
    source: 'docs/mesh.md',
  },
  'import-direction': { text: 'Folders import in one direction only.' },
} as const satisfies Record<string, { text: string; source?: string }>;

export type RequirementId = keyof typeof requirements;

/** Names the requirements a test holds; put it at the end of the test's title. */
export function verifies(...ids: RequirementId[]): string {
  return `[${ids.join(', ')}]`;
}
