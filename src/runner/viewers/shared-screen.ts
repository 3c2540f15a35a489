/**
 * Claude's screen for whoever wants to look: a model of it that keeps up with claude, its viewers, and the socket that they come
 * by. The model answers what claude asks its terminal, so that no viewer does.
 */
import { rmSync } from 'node:fs';
import type { Server } from 'node:net';
import { Signal } from '../../process/signal.ts';
import type { HostBye, HostWelcome } from '../../protocol/frames.ts';
import { QueryFilter } from '../../terminal/query-filter.ts';
import { ScreenMirror } from '../../terminal/screen-mirror.ts';
import { TerminalModes } from '../../terminal/terminal-modes.ts';
import type { ClaudeOnPty } from '../claude-on-pty.ts';
import { GatheredOutput } from './gathered-output.ts';
import { openViewerServer } from './viewer-server.ts';
import { Viewers } from './viewers.ts';

/** Output that is not on the model yet: with more, claude waits, because the model keeps every byte until then. */
const maxUndrawnBytes = 2 * 1024 * 1024;

const fullReset = Buffer.from('\x1bc');

export interface SharedScreenOptions {
  claude: ClaudeOnPty;
  welcome: Pick<HostWelcome, 'id' | 'cwd'>;
  socketPath: string;
  /** Which modes its terminal is in now, where not all of its output is known. */
  modes?: () => TerminalModes;
  /** What claude's output goes to meanwhile, straight: it has taken all of it when this one has caught up. */
  outlet?: { isWaiting: boolean; flushed: () => Promise<void> };
  /** Draws the screen as it is now, with more above it than what is kept of the output. */
  drawn?: Buffer;
}

export class SharedScreen {
  /** A viewer has come or gone. */
  readonly changed = new Signal<void>();
  readonly mirror: ScreenMirror;
  readonly viewers: Viewers;
  readonly #options: SharedScreenOptions;
  readonly #questions = new QueryFilter();
  /** Where in the output of claude this began to look. */
  readonly #from: number;
  #server: Server | undefined;
  #follows = false;
  #undrawn = 0;
  readonly #gathered = new GatheredOutput((bytes) => this.#passOn(bytes));

  /** For claude's output so far. `follow` comes next, and `output` with all that comes after it. */
  constructor(options: SharedScreenOptions) {
    this.#options = options;
    const { claude, welcome } = options;
    this.#from = claude.ring.snapshot().end;
    this.mirror = new ScreenMirror({
      size: claude.ring.size,
      onAnswer: (bytes) => claude.type(Buffer.from(bytes, 'latin1')),
    });
    this.viewers = new Viewers({
      mirror: this.mirror,
      welcome: () => ({ ...welcome, pid: claude.pty.pid }),
      resize: (size) => {
        claude.resize({ ...size, pixelWidth: 0, pixelHeight: 0 });
        this.mirror.resize(size);
      },
      input: (bytes) => claude.keys(bytes),
      holdsOutput: () => this.#questions.isHolding,
      changed: () => this.changed.emit(),
    });
    claude.writable.add(() => this.viewers.inputWelcome());
  }

  /** Draws what has been output before, claude waiting for the end of it; from then on the model keeps up. Claude's output is to be read on then. */
  async follow(): Promise<void> {
    const { claude, drawn, modes, outlet } = this.#options;
    const { ring, pty } = claude;
    let end = this.#from;
    if (drawn) await this.mirror.play([drawn]);
    else {
      const kept = ring.snapshot();
      end = kept.end;
      if (kept.events.length > 0) this.mirror.resize(kept.size);
      await this.mirror.play(kept.events);
    }
    pty.pause();
    for (;;) {
      const news = ring.since(end);
      if (!news) {
        // some of it is kept no more: all over again
        const kept = ring.snapshot();
        end = kept.end;
        await this.mirror.play([fullReset, ...kept.events]);
      } else if (news.end > end) {
        end = news.end;
        await this.mirror.play(news.events);
      } else if (outlet?.isWaiting) await outlet.flushed();
      else break;
    }
    // a change of size may be the last that has happened
    this.mirror.resize(ring.size);
    if (modes) this.mirror.modes = TerminalModes.of(modes().state());
    this.#follows = true;
  }

  /** Output of claude, which may be overwritten after the call. */
  output(bytes: Buffer): void {
    if (!this.#follows) return;
    this.#gathered.take(bytes);
  }

  /** Calls back when all output so far is on the model. */
  whenSettled(settled: () => void): void {
    this.#gathered.flush();
    this.mirror.whenSettled(settled);
  }

  #passOn(bytes: Buffer): void {
    const { pty } = this.#options.claude;
    const { length } = bytes;
    this.#undrawn += length;
    if (this.#undrawn > maxUndrawnBytes) pty.pause();
    // a viewer's snapshot holds what the model has been given before
    this.mirror.write(bytes, () => {
      this.#undrawn -= length;
      if (this.#undrawn <= maxUndrawnBytes / 2) pty.resume();
    });
    const shown = this.#questions.take(bytes);
    this.viewers.output(shown);
    // what claude asks is answered now
    if (shown.length !== length) this.mirror.draw();
  }

  /** Is everything drawn, answered and passed on? */
  get isSettled(): boolean {
    return this.#undrawn === 0 && this.#gathered.isEmpty && !this.#questions.isHolding;
  }

  /** Lets viewers come. @throws ClaudexError when somebody listens there */
  async open(): Promise<Server> {
    const { mirror, viewers } = this;
    this.#server = await openViewerServer({ path: this.#options.socketPath, viewers, mirror });
    return this.#server;
  }

  /** Lets all viewers go. */
  close(bye: HostBye): void {
    this.#gathered.flush();
    this.#follows = false;
    this.viewers.dismiss(bye);
    this.viewers.dispose();
    this.#server?.close();
    rmSync(this.#options.socketPath, { force: true });
  }
}
