/** The hooks of the stand-in for claude: `sh -c`, the event as JSON on stdin, all hooks of one event side by side, equal commands once. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ClaudexSettings, HookEventName, HookHandler } from '../../../claude/hooks/hook-settings.ts';
import type { SessionOnDisk } from './session-on-disk.ts';

type Settings = Partial<ClaudexSettings>;

interface CommandResult {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** What a hook prints, as far as claude goes by it. */
interface HookOutput {
  decision?: string;
  reason?: string;
  hookSpecificOutput?: { additionalContext?: string };
}

/** What the hooks of one event have said. */
export interface HookAnswers {
  /** Text to be added to the conversation. */
  contexts: string[];
  /** Reasons to block: not to submit a prompt, not to end a turn. */
  reasons: string[];
}

const defaultTimeoutSeconds = 60;

export class Hooks {
  readonly #session: SessionOnDisk;
  readonly #settings: Settings[];
  /** A hook that runs beside the session (asyncRewake) wakes it with this text; undefined where a release has none such. */
  readonly #wake: ((text: string) => void) | undefined;

  /** The user's settings, then those of the command line. */
  constructor(session: SessionOnDisk, args: readonly string[], wake: ((text: string) => void) | undefined) {
    this.#session = session;
    const flag = args.indexOf('--settings');
    const inline = args.find((arg) => arg.startsWith('--settings='))?.slice('--settings='.length);
    const given = inline ?? (flag < 0 ? undefined : args[flag + 1]);
    this.#settings = [readSettings(join(session.configDir, 'settings.json')), readSettings(given)];
    this.#wake = wake;
  }

  async fire(event: HookEventName, fields: object): Promise<HookAnswers> {
    const handlers = this.#settings
      .flatMap((one) => one.hooks?.[event] ?? [])
      .flatMap((group) => group.hooks ?? [])
      .filter((handler) => handler.type === 'command');
    const unique = [...new Map(handlers.map((handler) => [handler.command, handler])).values()];
    const payload = { ...this.#payload(), hook_event_name: event, ...fields };
    for (const one of unique.filter(({ asyncRewake }) => asyncRewake)) void this.#waitBeside(one, payload);
    const results = await Promise.all(
      unique.filter(({ asyncRewake }) => !asyncRewake).map((one) => this.#run(one.command, payload, one.timeout)),
    );
    const outputs = results.filter(({ code }) => code === 0).map(({ stdout }) => parseOutput(stdout));
    return {
      contexts: outputs.flatMap((output) => output.hookSpecificOutput?.additionalContext || []),
      reasons: outputs.flatMap((output) => (output.decision === 'block' ? (output.reason ?? '') : [])),
    };
  }

  /** The first line of what the status line's command prints; undefined where there is none. */
  async statusLine(): Promise<string | undefined> {
    const command = this.#settings.map((one) => one.statusLine).findLast(Boolean)?.command;
    if (command === undefined) return undefined;
    return (await this.#run(command, this.#payload(), 5)).stdout.split('\n')[0];
  }

  async #waitBeside(handler: HookHandler, payload: object): Promise<void> {
    if (this.#wake === undefined) return;
    const { code, stderr } = await this.#run(handler.command, payload, handler.timeout);
    if (code !== 2) return;
    const summary = `<task-notification>\n<summary>${handler.rewakeSummary}</summary>\n</task-notification>`;
    this.#wake(`${summary}\n<system-reminder>\n${handler.rewakeMessage} ${stderr}\n</system-reminder>`);
  }

  #payload(): object {
    const { sessionId, transcriptPath, cwd, promptId } = this.#session;
    return {
      session_id: sessionId,
      transcript_path: transcriptPath,
      cwd,
      ...(promptId !== undefined && { prompt_id: promptId }),
      permission_mode: 'default',
    };
  }

  #run(command: string, payload: object, timeoutSeconds = defaultTimeoutSeconds): Promise<CommandResult> {
    const { cwd, sessionId, inboxPath } = this.#session;
    return new Promise((resolve) => {
      const child = spawn('/bin/sh', ['-c', command], {
        cwd,
        detached: true,
        stdio: ['pipe', 'pipe', 'pipe'],
        env: {
          ...process.env,
          CLAUDE_CODE_SESSION_ID: sessionId,
          CLAUDE_PROJECT_DIR: cwd,
          CLAUDE_PID: `${process.pid}`,
          ...(inboxPath !== undefined && { CLAUDE_CODE_MESSAGING_SOCKET: inboxPath }),
        },
      });
      const said = { stdout: '', stderr: '' };
      for (const stream of ['stdout', 'stderr'] as const) {
        child[stream].setEncoding('utf8').on('data', (text: string) => {
          said[stream] += text;
        });
      }
      child.stdin.on('error', () => undefined); // a hook need not read its input, and may be killed
      child.stdin.end(JSON.stringify(payload));
      const timer = setTimeout(() => child.kill('SIGKILL'), timeoutSeconds * 1000);
      child.once('error', () => resolve({ code: 127, stdout: '', stderr: '' }));
      child.once('close', (code) => {
        clearTimeout(timer);
        resolve({ code, ...said });
      });
    });
  }
}

/** JSON, or the path of a file of it. A missing or broken one is no settings. */
function readSettings(source: string | undefined): Settings {
  if (source === undefined) return {};
  try {
    return JSON.parse(source.trimStart().startsWith('{') ? source : readFileSync(source, 'utf8')) as Settings;
  } catch {
    return {};
  }
}

function parseOutput(stdout: string): HookOutput {
  try {
    return JSON.parse(stdout) as HookOutput;
  } catch {
    return {}; // nothing, or plain text: no answer
  }
}
