/** What the stand-in for claude writes: its session file, and the transcript of its conversation. */
import { randomUUID } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { sessionFilePath } from '../../../claude/session/session-file.ts';
import { processStartTime } from '../../../process/identity.ts';
import type { Behaviour } from './scenario.ts';

export class SessionOnDisk {
  readonly cwd = process.cwd();
  readonly configDir = process.env.CLAUDE_CONFIG_DIR || join(homedir(), '.claude');
  /** Where it listens for other sessions; undefined for a release that does not. */
  readonly inboxPath: string | undefined;
  sessionId: string;
  /** The turn's; undefined before the first. */
  promptId: string | undefined;
  readonly #version: string;
  readonly #path: string;
  readonly #startedAt = Date.now();
  readonly #procStart = processStartTime(process.pid);

  /** `sessionId`: the conversation's, where the command line names one. */
  constructor({ version, hasInbox }: Behaviour, sessionId: string = randomUUID()) {
    this.sessionId = sessionId;
    this.#version = version;
    this.#path = sessionFilePath(this.configDir, process.pid);
    if (hasInbox) this.inboxPath = join(process.env.TMPDIR || '/tmp', `in-${process.pid}.sock`);
  }

  get transcriptPath(): string {
    return join(this.configDir, 'projects', projectFolder(this.cwd), `${this.sessionId}.jsonl`);
  }

  /** Has this conversation been written before? */
  get isKnown(): boolean {
    return existsSync(this.transcriptPath);
  }

  /** A new conversation. */
  begin(): void {
    this.sessionId = randomUUID();
    this.promptId = undefined;
  }

  setStatus(status: 'idle' | 'busy' | 'waiting', waitingFor?: string): void {
    mkdirSync(dirname(this.#path), { recursive: true });
    const now = Date.now();
    const record = {
      pid: process.pid,
      sessionId: this.sessionId,
      cwd: this.cwd,
      startedAt: this.#startedAt,
      procStart: this.#procStart,
      version: this.#version,
      kind: 'interactive',
      entrypoint: 'cli',
      name: basename(this.cwd),
      nameSource: 'derived',
      status,
      ...(waitingFor !== undefined && { waitingFor }),
      updatedAt: now,
      statusUpdatedAt: now,
      ...(this.inboxPath !== undefined && { messagingSocketPath: this.inboxPath }),
    };
    writeFileSync(`${this.#path}.tmp`, JSON.stringify(record));
    renameSync(`${this.#path}.tmp`, this.#path);
  }

  /** Writes one record. `steadyNs` orders those of all stand-ins of this machine, wherever the time of day jumps. */
  record(fields: object): void {
    const line = {
      ...fields,
      uuid: randomUUID(),
      timestamp: new Date().toISOString(),
      cwd: this.cwd,
      sessionId: this.sessionId,
      version: this.#version,
      steadyNs: `${process.hrtime.bigint()}`,
    };
    mkdirSync(dirname(this.transcriptPath), { recursive: true });
    appendFileSync(this.transcriptPath, `${JSON.stringify(line)}\n`);
  }

  /** Text that a hook has added to the conversation. */
  recordContexts(contexts: readonly string[], event: string): void {
    for (const context of contexts) {
      const attachment = { type: 'hook_additional_context', content: [context], hookName: event, hookEvent: event };
      this.record({ type: 'attachment', attachment });
    }
  }

  /** Why a Stop hook has kept a turn from its end. */
  recordFeedback(reason: string): void {
    const message = { role: 'user', content: `Stop hook feedback:\n${reason}` };
    this.record({ type: 'user', promptId: this.promptId, message, isMeta: true });
  }

  remove(): void {
    rmSync(this.#path, { force: true });
    if (this.inboxPath !== undefined) rmSync(this.inboxPath, { force: true });
  }
}

/** Claude cuts a long one at 200 characters and puts a hash of the path behind (seen in 2.1.197 and 2.1.330). */
function projectFolder(cwd: string): string {
  const plain = cwd.replaceAll(/[^a-zA-Z0-9]/g, '-');
  if (plain.length <= 200) return plain;
  let hash = 0;
  for (let at = 0; at < cwd.length; at++) hash = ((hash << 5) - hash + cwd.charCodeAt(at)) | 0;
  return `${plain.slice(0, 200)}-${Math.abs(hash).toString(36)}`;
}
