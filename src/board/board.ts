/** The board as it runs: what is known, what the person has done, and when it is drawn again. Knows no terminal and no daemon. */
import type { Clock } from '../process/clock.ts';
import { Signal } from '../process/signal.ts';
import { inertMs } from './answer-keys.ts';
import { hasScreen } from './board-session.ts';
import { type BoardNow, type BoardPicture, keyContext, picture, settled } from './board-view.ts';
import { type Effect, keysOf, takeKey } from './keys.ts';
import type { Size } from './layout.ts';
import type { Line } from './line.ts';
import { type BoardUi, firstUi, type Key } from './ui.ts';
import type { BoardWorld } from './world.ts';

/** Changes from outside are drawn at most this often; a key is drawn at once. */
const drawEveryMs = 250;
/** And so rarely that drawing takes no more than this part of a core, as far as the board stays alive to look at. */
const drawShare = 1 / 40;
const drawAtLeastEveryMs = 2000;
/** Ages are told in minutes. */
const ageMs = 60_000;

export interface BoardOptions {
  world: Pick<BoardWorld, 'sessions' | 'words' | 'trouble' | 'changed'>;
  clock: Clock;
  size: Size;
  /** What `n` proposes where nothing is chosen. */
  folder: string;
}

export class Board {
  readonly effects = new Signal<Effect>();
  readonly drawn = new Signal<void>();
  readonly #options: BoardOptions;
  #size: Size;
  #ui: BoardUi = firstUi;
  #screen: readonly Line[] | undefined;
  #picture: BoardPicture;
  #drawTimer: NodeJS.Timeout | undefined;
  #drawnAtSteadyMs: number;
  #drawTookMs = 0;
  #inertTimer: NodeJS.Timeout | undefined;
  readonly #ageTimer: NodeJS.Timeout;

  constructor(options: BoardOptions) {
    this.#options = options;
    this.#size = options.size;
    this.#picture = picture(this.#ui, this.#now(), this.#size);
    this.#drawnAtSteadyMs = options.clock.steady();
    options.world.changed.add(() => this.#drawSoon());
    this.#ageTimer = setInterval(() => this.draw(), ageMs);
  }

  /** What is on the screen. The same object for as long as nothing was drawn. */
  get picture(): BoardPicture {
    return this.#picture;
  }

  get size(): Size {
    return this.#size;
  }

  /** The session whose screen is to be shown; undefined while the person does not peek. */
  get peekedId(): string | undefined {
    const { selected } = keyContext(this.#ui, this.#now(), this.#size);
    return this.#ui.peek && selected && hasScreen(selected) ? selected.id : undefined;
  }

  key(key: Key): void {
    for (const one of keysOf(key, this.#ui)) this.#take(one);
  }

  #take(key: Key): void {
    this.#settle();
    const { ui, effect } = takeKey(this.#ui, key, keyContext(this.#ui, this.#now(), this.#size));
    if (ui.selectedId !== this.#ui.selectedId) this.#screen = undefined;
    this.#ui = ui;
    this.draw();
    if (effect) this.effects.emit(effect);
  }

  /** The person sees the board again, who has looked at something else: what is asked now is new to them. */
  seenAgain(): void {
    this.#ui = { ...this.#ui, shown: null };
    this.draw();
  }

  resized(size: Size): void {
    this.#size = size;
    this.draw();
  }

  /** The screen of the session that the person peeks at. */
  screenIs(lines: readonly Line[] | undefined): void {
    this.#screen = lines;
    this.#drawSoon();
  }

  /** Says something below the panes, until the next key. */
  say(text: string, { isError = false } = {}): void {
    this.#ui = { ...this.#ui, notice: { text, isError } };
    this.draw();
  }

  /** Chooses a session. */
  choose(selectedId: string): void {
    this.#ui = { ...this.#ui, selectedId, filter: '' };
    this.draw();
  }

  /** How much of a core it took to bring the last picture to the screen, in milliseconds. */
  drawTook(ms: number): void {
    this.#drawTookMs = ms;
  }

  draw(): void {
    clearTimeout(this.#drawTimer);
    this.#drawTimer = undefined;
    this.#settle();
    this.#drawnAtSteadyMs = this.#options.clock.steady();
    this.#picture = picture(this.#ui, this.#now(), this.#size);
    this.#drawWhenLive();
    this.drawn.emit();
  }

  close(): void {
    clearTimeout(this.#drawTimer);
    clearTimeout(this.#inertTimer);
    clearInterval(this.#ageTimer);
  }

  #settle(): void {
    this.#ui = settled(this.#ui, this.#now(), this.#size);
  }

  #drawSoon(): void {
    const pause = Math.min(Math.max(drawEveryMs, this.#drawTookMs / drawShare), drawAtLeastEveryMs);
    const wait = this.#drawnAtSteadyMs + pause - this.#options.clock.steady();
    this.#drawTimer ??= setTimeout(() => this.draw(), Math.max(0, wait));
  }

  /** The keys of a question come alive while nobody does anything. */
  #drawWhenLive(): void {
    clearTimeout(this.#inertTimer);
    const { shown } = this.#ui;
    if (!shown?.toEnd) return;
    const left = shown.sinceSteadyMs + inertMs - this.#options.clock.steady();
    if (left > 0) this.#inertTimer = setTimeout(() => this.draw(), left + 1);
  }

  #now(): BoardNow {
    const { world, clock, folder } = this.#options;
    return {
      sessions: world.sessions(),
      trouble: world.trouble,
      words: (session) => world.words(session),
      screen: this.#screen,
      timeOfDay: clock.timeOfDay(),
      steadyMs: clock.steady(),
      folder,
    };
  }
}
