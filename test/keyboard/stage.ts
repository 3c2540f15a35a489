/** Where a walk takes place: a home of its own, the stand-in for the model, one session of the real claude under claudex. */
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Message } from '../../src/protocol/message.ts';
import type { SessionRecord } from '../../src/protocol/session.ts';
import type { SendRequest } from '../../src/protocol/wire.ts';
import { realClaudePath } from '../support/claude-binary.ts';
import { claudexBin, repositoryRoot, runClaudex } from '../support/claudex.ts';
import { daemonClient } from '../support/daemon-watch.ts';
import { createHermeticHome, type HermeticHome } from '../support/hermetic-home.ts';
import { type LoopbackApi, startLoopbackApi } from '../support/loopback-api.ts';
import { isAlive, processesWithEnvironment } from '../support/processes.ts';
import { type PtyDriver, startInPty } from '../support/pty-driver.ts';
import { run } from '../support/run-command.ts';
import { answerOf, promptsIn } from './answers.ts';
import { readBox } from './box.ts';
import type { SentMessage } from './evidence.ts';
import { bodyOf, type From, type Shape, type Walk } from './steps.ts';

export class KeyboardStage {
  readonly home: HermeticHome;
  readonly api: LoopbackApi;
  readonly canaries: string;
  readonly sent: SentMessage[] = [];
  /** When each request reached the stand-in, by its index. */
  readonly requestedAt: number[] = [];
  starts = 0;
  readonly #walk: Walk;
  #driver: PtyDriver | undefined;
  #exited = false;

  private constructor(walk: Walk, home: HermeticHome, api: LoopbackApi) {
    this.#walk = walk;
    this.home = home;
    this.api = api;
    this.canaries = join(home.root, 'canary');
  }

  /** Builds everything up and starts the session; resolves when its prompt box is there. */
  static async open(walk: Walk): Promise<KeyboardStage> {
    const home = createHermeticHome();
    const stage: KeyboardStage = new KeyboardStage(
      walk,
      home,
      await startLoopbackApi((request) => {
        stage.requestedAt.push(Date.now());
        return answerOf(request, stage.allowedFile);
      }),
    );
    mkdirSync(stage.canaries);
    stage.#writeSettings();
    if (walk.installed) await stage.#claudex(['install']);
    await stage.#claudex(['daemon', 'start']);
    await stage.start();
    return stage;
  }

  get driver(): PtyDriver {
    return this.#driver!;
  }

  /** There when a permission that nobody gave was given. */
  get allowedFile(): string {
    return join(this.home.root, 'allowed');
  }

  get client() {
    return daemonClient(this.home);
  }

  /** True while the program in the terminal runs. */
  get runs(): boolean {
    return this.#driver !== undefined && !this.#exited;
  }

  env(): Record<string, string> {
    return this.home.env(this.api, {
      EDITOR: join(this.home.root, 'editor'),
      VISUAL: join(this.home.root, 'editor'),
      // a lease that proves nothing is to be seen within a walk
      CLAUDEX_LEASE_MS: '8000',
      NODE: process.execPath,
    });
  }

  /** Starts a session in a terminal of its own, after the one before has ended. */
  async start(): Promise<void> {
    await this.#driver?.dispose();
    const { cols, rows, permissions } = this.#walk;
    const args = permissions === 'bypass' ? ['--dangerously-skip-permissions'] : [];
    const shell = join(repositoryRoot, 'test', 'keyboard', 'job-shell.sh');
    const driver = startInPty('bash', [shell, process.execPath, claudexBin, ...args], {
      cwd: this.home.cwd,
      env: this.env(),
      cols,
      rows,
    });
    this.#driver = driver;
    this.#exited = false;
    this.starts++;
    void driver.exit.then(() => {
      if (this.#driver === driver) this.#exited = true;
    });
    await Promise.race([
      driver
        .waitForScreen(() => readBox(driver.shownRows()) !== undefined, { timeoutMs: 30_000 })
        .catch(() => undefined),
      driver.exit,
    ]);
  }

  /** A message from outside, as `claudex send` hands it in; whoever runs in the folder gets it, now or later. */
  async send(number: number, from: From, shape: Shape, when?: 'now'): Promise<SentMessage> {
    const body = bodyOf(number, shape, this.canaries);
    const { id } = await this.#accepted({
      body,
      kind: 'task',
      when: when ?? 'idle',
      sender: { kind: from, label: from === 'user' ? 'the user’s shell' : 'a program' },
      hold: true,
    });
    const sent = { number, id, body, from };
    this.sent.push(sent);
    return sent;
  }

  /** Claude may start a job between the look and the word: what was refused for that was not accepted, and is sent once more. */
  async #accepted(request: Omit<SendRequest, 'target'>): Promise<{ id: string }> {
    const send = async (): Promise<{ id: string }> =>
      this.client.send({ ...request, target: (await this.#ownSession())?.id ?? this.home.cwd });
    return send().catch((error) => {
      if ((error as { code?: unknown }).code !== 'AMBIGUOUS_TARGET') throw error;
      return send();
    });
  }

  /** Of several sessions the one in our terminal, or any where that has ended; undefined when there is one at most. */
  async #ownSession(): Promise<SessionRecord | undefined> {
    const sessions = await this.sessions();
    return sessions.length > 1 ? (sessions.find(({ supervised }) => supervised) ?? sessions[0]) : undefined;
  }

  /** True when `prompt`, and nothing beside it, was a prompt that reached the model. */
  wasAsked(prompt: string): boolean {
    return prompt !== '' && this.api.requests.some((request) => promptsIn(request).includes(prompt));
  }

  message(id: string): Promise<Message | undefined> {
    return this.client.message(id).catch(() => undefined);
  }

  /** What the daemon says of everything that was sent; what it knows no more is left out. */
  async everyMessage(): Promise<Message[]> {
    await this.client.status();
    const known = await Promise.all(this.sent.map(({ id }) => this.message(id)));
    return known.filter((one) => one !== undefined);
  }

  async sessions(): Promise<SessionRecord[]> {
    return await this.client.sessions().catch(() => []);
  }

  /** Files that a shell has made out of a message's text. */
  canariesFound(): Array<{ number: number; name: string; at: number }> {
    return readdirSync(this.canaries).map((name) => ({
      number: Number.parseInt(name, 10),
      name,
      at: statSync(join(this.canaries, name)).mtimeMs,
    }));
  }

  /** Ends the session, claude's own daemon and whatever else carries this home in its environment; removes the home. */
  async close(): Promise<void> {
    await this.#driver?.dispose();
    await run(realClaudePath(), ['daemon', 'stop'], { env: this.env(), cwd: this.home.cwd, timeoutMs: 20_000 }).catch(
      () => undefined,
    );
    await runClaudex(['daemon', 'stop'], { env: this.env(), cwd: this.home.cwd }).catch(() => undefined);
    const until = Date.now() + 10_000;
    for (let left = this.#left(); left.length > 0; left = this.#left()) {
      // what claude leaves behind on purpose: background shells, agents, their pty hosts
      for (const pid of left) killQuietly(pid, Date.now() > until - 7000 ? 'SIGKILL' : 'SIGTERM');
      if (Date.now() > until) throw new Error(`processes of the walk do not end: ${left.join(', ')}`);
      await delay(50);
    }
    await this.home.dispose();
    await this.api.close();
  }

  #left(): number[] {
    return processesWithEnvironment([this.home.root]).filter(isAlive);
  }

  async #claudex(args: string[]): Promise<void> {
    const result = await runClaudex(args, { env: this.env(), cwd: this.home.root });
    if (result.code !== 0) throw new Error(`claudex ${args.join(' ')}: ${result.stderr}`);
  }

  #writeSettings(): void {
    const { editorMode, enterIsNewline, permissions } = this.#walk;
    const config = join(this.home.home, '.claude');
    mkdirSync(config, { recursive: true });
    const settings = {
      // claude's daemon does not hand on every variable of ours to its jobs
      env: { ANTHROPIC_BASE_URL: this.api.url },
      // from 2.1.330 on auto mode is claude's default, which asks the model instead of the person
      permissions: { allow: ['Bash(sleep:*)'], ...(permissions !== 'auto' && { disableAutoMode: 'disable' }) },
      ...(editorMode === 'vim' && { editorMode }),
      ...(permissions === 'bypass' && { skipDangerousModePermissionPrompt: true }),
    };
    writeFileSync(join(config, 'settings.json'), JSON.stringify(settings));
    if (enterIsNewline) {
      const bindings = [{ context: 'Chat', bindings: { enter: 'chat:newline', 'ctrl+g': 'chat:submit' } }];
      writeFileSync(join(config, 'keybindings.json'), JSON.stringify({ bindings }));
    }
    writeFileSync(join(this.home.cwd, 'README.md'), '# a project\n');
    const editor = '#!/bin/sh\nsleep 0.2\nprintf \' e0q edited\\n\' >> "$1"\n';
    writeFileSync(join(this.home.root, 'editor'), editor, { mode: 0o755 });
  }
}

function killQuietly(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // ESRCH: it was faster
  }
}
