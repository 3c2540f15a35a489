#!/usr/bin/env node
// Claude as chaos needs it: test/fixtures/fake-tui.mjs with hooks that wake (asyncRewake), an inbox socket and no delays.
// Does what the measured facts say claude does: queued prompts, queue-operation records, task-notification turns.
//   CHAOS_CLAUDE_VERSION  the version it claims to be; from 2.1.224 on it has an inbox socket, from 2.1.107 on it wakes
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { appendFileSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';

const version = process.env.CHAOS_CLAUDE_VERSION ?? '2.1.197';
const args = process.argv.slice(2);
if (args.includes('--version')) {
  process.stdout.write(`${version} (Claude Code)\n`);
  process.exit(0);
}
const patch = Number(version.split('.')[2]);
const wakes = patch >= 107;
const hasInbox = patch >= 224;
const configDir = process.env.CLAUDE_CONFIG_DIR || join(homedir(), '.claude');
const cwd = process.cwd();
const maxStopBlocks = 8;

// ── Settings.
function readSettings(source) {
  try {
    return JSON.parse(source.trimStart().startsWith('{') ? source : readFileSync(source, 'utf8'));
  } catch {
    return {}; // a missing settings file is no settings
  }
}
const flag = args.indexOf('--settings');
const settings = [readSettings(join(configDir, 'settings.json')), ...(flag >= 0 ? [readSettings(args[flag + 1])] : [])];

// ── Session file and transcript.
let sessionId = randomUUID();
let promptId;
let ending = false;
const sessionFile = join(configDir, 'sessions', `${process.pid}.json`);
const inboxPath = join(process.env.TMPDIR, `in-${process.pid}.sock`);
const transcriptPath = () => join(configDir, 'projects', projectFolder(), `${sessionId}.jsonl`);
const procStart = readFileSync('/proc/self/stat', 'latin1').split(') ').at(-1).split(' ')[19];
/** Claude cuts a long one at 200 characters and puts a hash of the path behind (seen in 2.1.197 and 2.1.330). */
function projectFolder() {
  const plain = cwd.replaceAll(/[^a-zA-Z0-9]/g, '-');
  if (plain.length <= 200) return plain;
  let hash = 0;
  for (let at = 0; at < cwd.length; at++) hash = ((hash << 5) - hash + cwd.charCodeAt(at)) | 0;
  return `${plain.slice(0, 200)}-${Math.abs(hash).toString(36)}`;
}
mkdirSync(dirname(sessionFile), { recursive: true });
mkdirSync(dirname(transcriptPath()), { recursive: true });

function setStatus(status) {
  const record = {
    pid: process.pid,
    sessionId,
    cwd,
    version,
    kind: 'interactive',
    name: basename(cwd),
    procStart,
    status,
    ...(hasInbox ? { messagingSocketPath: inboxPath } : {}),
  };
  writeFileSync(`${sessionFile}.tmp`, JSON.stringify(record));
  renameSync(`${sessionFile}.tmp`, sessionFile);
}

/** `chaosAt` orders records of all sessions: one clock for the machine, and it does not jump. */
function record(fields) {
  const line = { ...fields, uuid: randomUUID(), cwd, sessionId, version, chaosAt: `${process.hrtime.bigint()}` };
  appendFileSync(transcriptPath(), `${JSON.stringify(line)}\n`);
}

// ── Hooks: `sh -c`, JSON on stdin, all of one event in parallel.
function runCommand(command, payload, stream) {
  return new Promise((resolve) => {
    const child = spawn('/bin/sh', ['-c', command], {
      cwd,
      detached: true,
      stdio: ['pipe', stream === 'stdout' ? 'pipe' : 'ignore', stream === 'stderr' ? 'pipe' : 'ignore'],
      env: {
        ...process.env,
        CLAUDE_CODE_SESSION_ID: sessionId,
        CLAUDE_PID: `${process.pid}`,
        ...(hasInbox ? { CLAUDE_CODE_MESSAGING_SOCKET: inboxPath } : {}),
      },
    });
    let output = '';
    child[stream].on('data', (chunk) => {
      output += chunk;
    });
    child.stdin.on('error', () => {}); // a hook need not read its input, and chaos kills hooks
    child.stdin.end(JSON.stringify(payload));
    child.on('error', () => resolve({ code: 127, output: '' }));
    child.on('close', (code) => resolve({ code, output }));
  });
}

async function fire(event, fields) {
  const handlers = settings.flatMap((one) => one.hooks?.[event] ?? []).flatMap((group) => group.hooks ?? []);
  const payload = {
    session_id: sessionId,
    transcript_path: transcriptPath(),
    cwd,
    ...(promptId ? { prompt_id: promptId } : {}),
    hook_event_name: event,
    ...fields,
  };
  if (wakes) {
    for (const handler of handlers.filter((one) => one.asyncRewake)) {
      void runCommand(handler.command, payload, 'stderr').then(({ code, output }) => {
        if (code !== 2 || ending) return;
        const summary = `<task-notification>\n<summary>${handler.rewakeSummary}</summary>\n</task-notification>`;
        const text = `${summary}\n<system-reminder>\n${handler.rewakeMessage} ${output}\n</system-reminder>`;
        record({ type: 'queue-operation', operation: 'enqueue', content: text });
        void submit(text, 'system');
      });
    }
  }
  const results = await Promise.all(
    handlers.filter((one) => !one.asyncRewake).map((one) => runCommand(one.command, payload, 'stdout')),
  );
  return results.filter(({ code }) => code === 0).flatMap(({ output }) => contextOf(output));
}

function contextOf(output) {
  try {
    const value = JSON.parse(output);
    return value.hookSpecificOutput?.additionalContext ?? (value.decision === 'block' ? value.reason : []);
  } catch {
    return []; // nothing to add
  }
}

// ── Screen: a prompt box under a line of conversation.
let draft = '';
function draw(said) {
  if (ending) return;
  const rule = '─'.repeat(process.stdout.columns || 80);
  const lines = draft.split('\n');
  // as claude does it: long lines are wrapped, a long text is folded
  const shown = lines.length > 8 ? [`[Pasted text #1 +${lines.length - 1} lines]`] : lines;
  const box = shown
    .flatMap((line) => line.match(/.{1,70}/gu) ?? [''])
    .map((row, index) => `${index === 0 ? '❯ ' : '  '}${row}`);
  process.stdout.write(`\x1b[H\x1b[2J${[said ?? '', rule, ...box, rule, '  ? for shortcuts'].join('\r\n')}`);
}

// ── Turns.
const queue = [];
let busy = false;

async function submit(prompt, source) {
  if (prompt.trim() === '') return;
  if (busy) {
    // 2.1.330 reports a queued prompt at once, with the running turn's id; 2.1.197 when it is its turn
    if (source !== 'system') record({ type: 'queue-operation', operation: 'enqueue', content: prompt });
    const contexts = patch >= 330 && source !== 'system' ? fire('UserPromptSubmit', { prompt }) : undefined;
    queue.push({ prompt, source, contexts });
    return;
  }
  busy = true;
  if (prompt === '/clear') await clear();
  else await runTurn(prompt, source, undefined);
  busy = false;
  void next();
}

async function next() {
  const one = queue.shift();
  if (one === undefined) {
    setStatus('idle');
    draw();
    return;
  }
  busy = true;
  record({ type: 'queue-operation', operation: 'dequeue' });
  if (one.prompt === '/clear') await clear();
  else await runTurn(one.prompt, one.source, one.contexts);
  busy = false;
  void next();
}

async function clear() {
  setStatus('busy');
  await fire('SessionEnd', { reason: 'clear' });
  sessionId = randomUUID();
  promptId = undefined;
  setStatus('busy');
  await fire('SessionStart', { source: 'clear' });
}

async function runTurn(prompt, source, reported) {
  promptId = randomUUID();
  setStatus('busy');
  draw(prompt.slice(0, 60).replaceAll('\n', ' '));
  const contexts = await (reported ?? fire('UserPromptSubmit', { prompt }));
  const origin = { kind: source === 'typed' ? 'human' : source === 'system' ? 'task-notification' : 'peer' };
  record({ type: 'user', promptId, message: { role: 'user', content: prompt }, origin, promptSource: source });
  remember(contexts, 'UserPromptSubmit');
  for (let blocks = 0; ; blocks++) {
    const message = { role: 'assistant', content: [{ type: 'text', text: 'OK' }], stop_reason: 'end_turn' };
    record({ type: 'assistant', message });
    const more = await fire('Stop', { stop_hook_active: blocks > 0, last_assistant_message: 'OK' });
    if (more.length === 0 || blocks >= maxStopBlocks) break;
    remember(more, 'Stop');
  }
}

function remember(contexts, hookEvent) {
  for (const context of contexts) {
    record({ type: 'attachment', attachment: { type: 'hook_additional_context', content: [context], hookEvent } });
  }
}

async function end() {
  if (ending) return;
  ending = true;
  setTimeout(() => process.exit(0), 1500);
  await fire('SessionEnd', { reason: 'other' });
  rmSync(sessionFile, { force: true });
  rmSync(inboxPath, { force: true });
  process.exit(0);
}

// ── Keys.
let paste; // text so far while inside a bracketed paste
function read(text) {
  let endedPaste = false;
  for (let rest = text; rest !== ''; ) {
    if (paste !== undefined) {
      const close = rest.indexOf('\x1b[201~');
      paste += close < 0 ? rest : rest.slice(0, close);
      if (close < 0) break;
      draft += paste.replaceAll('\r', '\n');
      paste = undefined;
      endedPaste = true;
      rest = rest.slice(close + 6);
    } else if (rest.startsWith('\x1b[200~')) {
      paste = '';
      rest = rest.slice(6);
    } else {
      const key = String.fromCodePoint(rest.codePointAt(0));
      // Enter in the same write as the paste is swallowed (2.1.197)
      if (key === '\r' && !endedPaste) {
        const prompt = draft;
        draft = '';
        void submit(prompt, 'typed');
      } else if (key === '\x15') draft = '';
      else if (key === '\x7f') draft = draft.slice(0, -1);
      else if (key >= ' ') draft += key;
      rest = rest.slice(key.length);
    }
  }
  draw();
}

if (hasInbox) {
  const server = createServer((socket) => {
    let received = '';
    socket.setEncoding('utf8');
    socket.on('error', () => {}); // a writer may vanish
    socket.on('data', (chunk) => {
      received += chunk;
      const lines = received.split('\n');
      received = lines.pop();
      for (const line of lines)
        void submit(`Another Claude session sent a message:\n${JSON.parse(line).message.content}`, 'peer');
    });
  });
  await new Promise((resolve) => server.listen(inboxPath, resolve));
}
process.stdout.on('error', () => {}); // the terminal may be gone
process.stdin.on('error', () => void end());
process.stdin.on('end', () => void end());
for (const signal of ['SIGHUP', 'SIGTERM']) process.on(signal, () => void end());
process.stdin.setRawMode?.(true);
process.stdin.setEncoding('utf8');
process.stdin.on('data', read);
process.stdout.write('\x1b[?2004h');
setStatus('idle');
draw('fake claude');
await fire('SessionStart', { source: 'startup' });
