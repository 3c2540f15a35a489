/** Everything the demo starts, and its end: the API, the daemon, the sessions, the commands, the temporary folder. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import type { DaemonClient } from '../daemon-client/client.ts';
import { ensureDaemon } from '../daemon-client/ensure-daemon.ts';
import { packageRoot } from '../home/package.ts';
import { untilGone } from '../process/until-gone.ts';
import type { SessionRecord } from '../protocol/session.ts';
import { type ChosenClaude, chooseClaude } from './choose-claude.ts';
import { createDemoHome, type DemoHome, type ProjectName } from './demo-home.ts';
import { DemoSession } from './demo-session.ts';
import { type LoopbackApi, type LoopbackScript, startLoopbackApi } from './stand-ins/messages-api.ts';

export interface CommandResult {
  code: number | null;
  stdout: string;
  stderr: string;
}

export class Stage {
  readonly home: DemoHome;
  readonly claude: ChosenClaude;
  readonly api: LoopbackApi;
  readonly sessions = new Map<ProjectName, DemoSession>();
  /** The environment of all that runs in the demo. */
  readonly env: Record<string, string>;
  readonly #commands = new Set<ChildProcess>();
  #client: DaemonClient | undefined;
  #isClosed = false;

  private constructor(home: DemoHome, claude: ChosenClaude, api: LoopbackApi) {
    this.home = home;
    this.claude = claude;
    this.api = api;
    this.env = home.env(api.url, claude.path);
  }

  /** Sets up the temporary home, the API and the daemon. Starts no claude yet. */
  static async open(script: LoopbackScript, standIn: boolean): Promise<Stage> {
    const home = createDemoHome();
    let stage: Stage | undefined;
    try {
      stage = new Stage(home, chooseClaude(home, standIn), await startLoopbackApi(script));
      // one starter, before there are others: it is then ours to stop, and nobody brings up another behind our back
      stage.#client = await ensureDaemon(stage.env);
      return stage;
    } catch (error) {
      await (stage?.close() ?? home.remove());
      throw error;
    }
  }

  /** Opens a terminal in that project and runs `claudex` in it. */
  startSession(name: ProjectName): DemoSession {
    this.#assertOpen();
    const session = new DemoSession(this.home.project(name), this.env);
    this.sessions.set(name, session);
    return session;
  }

  /** Runs `claudex <args>` in that project, to its end. */
  async run(name: ProjectName, args: readonly string[]): Promise<CommandResult> {
    this.#assertOpen();
    const cwd = this.home.project(name);
    const child = spawn(process.execPath, [join(packageRoot(), 'bin', 'claudex.js'), ...args], {
      cwd,
      env: { ...this.env, PWD: cwd },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#commands.add(child);
    const result: CommandResult = { code: null, stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      result.stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      result.stderr += text;
    });
    try {
      result.code = await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
    } finally {
      this.#commands.delete(child);
    }
    return result;
  }

  /**
   * Resolves with the sessions once `wanted` holds for them; bounded by the demo's own time limit.
   * @throws Error when a session ends before that
   */
  async waitForSessions(wanted: (sessions: SessionRecord[]) => boolean): Promise<SessionRecord[]> {
    this.#assertOpen();
    const client = this.#client!;
    const events = await client.events();
    const look = async (): Promise<SessionRecord[]> => {
      // the stream begins with a `hello`: what was already so is seen too
      for await (const _ of events) {
        const sessions = await client.sessions();
        if (wanted(sessions)) return sessions;
      }
      throw new Error('The daemon went away.');
    };
    const ends = [...this.sessions].map(async ([name, session]): Promise<never> => {
      const { code, signal } = await session.exited;
      throw new Error(`The session in ~/${name} ended at once (${signal ? `signal ${signal}` : `exit code ${code}`}).`);
    });
    try {
      return await Promise.race([look(), ...ends]);
    } finally {
      events.close();
    }
  }

  /** Ends and removes everything. May be called while something is still starting. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const child of this.#commands) child.kill('SIGKILL');
    await Promise.all([...this.sessions.values()].map((session) => session.close()));
    await this.#stopDaemon();
    await this.api.close();
    await this.home.remove();
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new Error('the demo has ended');
  }

  async #stopDaemon(): Promise<void> {
    const pid = (await this.#client?.status().catch(() => undefined))?.pid;
    if (pid === undefined) return; // never started, or died
    await this.#client?.shutdown('stopped').catch(() => undefined); // it may be gone before it has answered
    if (!(await untilGone(pid, 3000))) process.kill(pid, 'SIGKILL');
  }
}
