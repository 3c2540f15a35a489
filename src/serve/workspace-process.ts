/**
 * The process of one workspace: its warm pool and nothing else. It is started by the server for the first request, holds all
 * that belongs to the workspace below it, and ends with everything when the server says so or is gone.
 */

import { AnswerReader } from '../claude/stream/answer-reader.ts';
import { ClaudexError, toClaudexError } from '../errors/claudex-error.ts';
import { checkClientOptions } from '../warm/options.ts';
import { WarmPool } from '../warm/pool/pool.ts';
import type { Question, WorkspaceOptions, WorkspaceReply, WorkspaceRequest } from './workspace-protocol.ts';

const aborts = new Map<string, AbortController>();

const pool = new WarmPool(checkClientOptions(JSON.parse(process.argv[2]!) as WorkspaceOptions), (event) =>
  say({ type: 'event', event }),
);

function say(words: WorkspaceReply): void {
  // the server may be gone: its end comes as `disconnect`
  if (process.connected) process.send!(words, () => undefined);
}

async function answer({ requestId, launch, prompt, timeoutMs }: Question): Promise<void> {
  const abort = new AbortController();
  aborts.set(requestId, abort);
  const reader = new AnswerReader();
  try {
    const result = await pool.run({
      requestId,
      spec: launch,
      prompt,
      timeoutMs,
      signal: abort.signal,
      onLine: (line) => {
        for (const part of reader.read(line)) say({ type: 'part', requestId, part });
      },
    });
    if (result.is_error || result.subtype !== 'success') say({ type: 'failed', requestId, result });
    else say({ type: 'answer', requestId, answer: reader.finish(result) });
  } catch (error) {
    const { code, facts, message } = error instanceof ClaudexError ? error : toClaudexError(error);
    say({ type: 'error', requestId, code, facts: facts || (code === 'INTERNAL' ? message : '') });
  } finally {
    aborts.delete(requestId);
  }
}

let closing = false;

async function close(): Promise<void> {
  if (closing) return;
  closing = true;
  await pool.close();
  process.exit(0);
}

process.on('message', (ask: WorkspaceRequest) => {
  if (ask.type === 'ask') void answer(ask.question);
  else if (ask.type === 'abort') aborts.get(ask.requestId)?.abort();
  else void close();
});
process.on('disconnect', () => void close());
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => void close());
