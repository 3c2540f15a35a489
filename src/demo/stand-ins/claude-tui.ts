/**
 * A small stand-in for claude, for a demo on a machine that has none: prompt box, bracketed paste, session file, hooks,
 * status line, and a turn that asks the API. Run as a program of its own, with claude's `--settings`.
 */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { ClaudexSettings, HookEventName } from '../../claude/hooks/hook-settings.ts';
import { sessionFilePath, sessionFilesDir } from '../../claude/session/session-file.ts';
import { processStartTime } from '../../process/identity.ts';

const version = '2.1.197'; // the release whose behaviour it copies
const settingsFlag = process.argv.indexOf('--settings');
const settings = JSON.parse(settingsFlag < 0 ? '{}' : process.argv[settingsFlag + 1]!) as Partial<ClaudexSettings>;
const configDir = process.env.CLAUDE_CONFIG_DIR || join(homedir(), '.claude');
const sessionFile = sessionFilePath(configDir, process.pid);
const sessionId = randomUUID();
const cwd = process.cwd();
let promptId: string | undefined;

function setStatus(status: 'idle' | 'busy'): void {
  mkdirSync(sessionFilesDir(configDir), { recursive: true });
  const procStart = processStartTime(process.pid);
  const record = { pid: process.pid, procStart, sessionId, cwd, version, kind: 'interactive', status, startedAt };
  writeFileSync(`${sessionFile}.tmp`, JSON.stringify(record));
  renameSync(`${sessionFile}.tmp`, sessionFile);
}
const startedAt = Date.now();

/** `sh -c`, the event on stdin, its output back. */
function runCommand(command: string, payload: object): Promise<string> {
  return new Promise((resolve) => {
    const child = spawn('/bin/sh', ['-c', command], { cwd, stdio: ['pipe', 'pipe', 'ignore'] });
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stdin.on('error', () => undefined); // a hook need not read its input
    child.stdin.end(JSON.stringify(payload));
    child.once('error', () => resolve(''));
    child.once('close', () => resolve(stdout));
  });
}

function commonPayload(): object {
  return { session_id: sessionId, cwd, permission_mode: 'default', ...(promptId && { prompt_id: promptId }) };
}

/** Fires one hook event; returns the context its hooks add. */
async function fire(event: HookEventName, fields: object): Promise<string[]> {
  // those that wait to wake an idle session run beside it; the demo types
  const handlers = (settings.hooks?.[event] ?? []).flatMap((entry) => entry.hooks).filter((one) => !one.asyncRewake);
  const payload = { ...commonPayload(), hook_event_name: event, ...fields };
  const outputs = await Promise.all(handlers.map((handler) => runCommand(handler.command, payload)));
  return outputs.flatMap((output) => {
    try {
      const reply = JSON.parse(output) as { hookSpecificOutput?: { additionalContext?: string } };
      return reply.hookSpecificOutput?.additionalContext ?? [];
    } catch {
      return []; // nothing, or plain text: no answer
    }
  });
}

// ── Screen: finished lines scroll up, the box is drawn again below them.
let draft = '';
let badge = '';
let drawnRows = 0;

/** The draft as claude shows it, long lines wrapped. */
function boxRows(): string[] {
  const columns = (process.stdout.columns || 80) - 4;
  const rows = draft.split('\n').flatMap((line) => line.match(new RegExp(`.{1,${columns}}`, 'gu')) ?? ['']);
  return rows.map((row, index) => `${index === 0 ? '❯ ' : '  '}${row}`);
}

function draw(...finished: string[]): void {
  const rule = '─'.repeat(process.stdout.columns || 80);
  const rows = [rule, ...boxRows(), rule, `  ${badge}`];
  const up = drawnRows > 1 ? `\x1b[${drawnRows - 1}A` : '';
  const lines = finished.flatMap((block) => block.split('\n'));
  process.stdout.write(`${up}\r\x1b[J${[...lines, ...rows].join('\r\n')}`);
  drawnRows = rows.length;
}

async function refreshBadge(): Promise<void> {
  if (!settings.statusLine) return;
  badge = (await runCommand(settings.statusLine.command, commonPayload())).split('\n')[0]!;
  draw();
}

// ── Turns.
async function askModel(prompt: string): Promise<string> {
  const response = await fetch(`${process.env.ANTHROPIC_BASE_URL}/v1/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'stand-in', stream: false, messages: [{ role: 'user', content: prompt }] }),
  });
  const reply = (await response.json()) as { content: Array<{ text?: string }> };
  return reply.content.map((block) => block.text ?? '').join('');
}

async function runTurn(prompt: string): Promise<void> {
  promptId = randomUUID();
  setStatus('busy');
  draw(`❯ ${prompt.replaceAll('\n', '\n  ')}`, '');
  const contexts = await fire('UserPromptSubmit', { prompt });
  const answer = await askModel([prompt, ...contexts].join('\n'));
  draw(`● ${answer}`, '');
  await fire('Stop', { stop_hook_active: false, last_assistant_message: answer });
  setStatus('idle');
  await refreshBadge();
}

async function end(): Promise<void> {
  await fire('SessionEnd', { reason: 'other' });
  rmSync(sessionFile, { force: true });
  process.stdout.on('error', () => undefined); // the terminal may be gone by now
  process.stdout.write('\r\n\x1b[?2004l');
  process.exit(0);
}

// ── Keys.
let paste: string | undefined;

function read(text: string): void {
  for (const token of text.match(/\x1b\[[0-9;?]*[~A-Za-z]|\x1b|[\s\S]/gu) ?? []) {
    if (token === '\x1b[200~') paste = '';
    else if (token === '\x1b[201~') {
      draft += (paste ?? '').replaceAll('\r', '\n');
      paste = undefined;
    } else if (paste !== undefined) paste += token;
    else if (token === '\r' && draft.trim() !== '') {
      const prompt = draft;
      draft = '';
      void runTurn(prompt);
    } else if (token === '\x03' || token === '\x04') void end();
    else if (token === '\x7f') draft = draft.slice(0, -1);
    else if (token.length === 1 && token >= ' ') draft += token;
  }
  draw();
}

if (process.argv.includes('--version')) {
  process.stdout.write(`${version} (stand-in)\n`);
} else {
  if (process.stdin.isTTY) process.stdin.setRawMode(true);
  process.stdin.setEncoding('utf8').on('data', read).on('end', end).on('error', end);
  for (const signal of ['SIGHUP', 'SIGTERM'] as const) process.on(signal, () => void end());
  process.on('SIGWINCH', () => draw());
  process.stdout.write('\x1b[?2004h');
  setStatus('idle');
  draw('stand-in for claude', `  ${cwd}`, '');
  await fire('SessionStart', { source: 'startup', model: 'stand-in' });
  await refreshBadge();
}
