/** Carries out a walk: the keys in their rhythm, the messages at their moments, the looks at the box; then puts everything in order. */
import { existsSync, rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { isSettled } from '../../src/protocol/message.ts';
import { seededRandom } from '../support/seeded-random.ts';
import { appearancesOf } from './appearances.ts';
import { type Box, readBox } from './box.ts';
import type { BoxCheck, DialogCheck, Evidence } from './evidence.ts';
import { type Plant, sabotage } from './plants.ts';
import { KeyboardStage } from './stage.ts';
import { bringsBack, keyBytes, type Step, type Walk } from './steps.ts';
import { keeps } from './verdict.ts';

/** The session may take this long over what it was given, on a busy machine. */
const settleMs = 240_000;
/** A message that has not gone in by then is judged at the end; the box is not looked at again. */
const watchMs = 6000;
const dialogMs = 2500;
/** A box that does not come to rest by then is not looked at. */
const restMs = 4000;
/** Where a fault is planted, it must be looked at, however slow the machine is. */
const plantedMs = 60_000;

/** Plays `walk` in a home of its own and tells what was seen. `plant`: a fault is acted in claudex's place. */
export async function playWalk(walk: Walk, plant?: Plant): Promise<Evidence> {
  const stage = await KeyboardStage.open(walk);
  try {
    return await new Player(stage, walk, plant).play();
  } finally {
    await stage.close();
  }
}

class Player {
  readonly #stage: KeyboardStage;
  readonly #walk: Walk;
  readonly #plant: Plant | undefined;
  readonly #random: () => number;
  readonly #boxChecks: BoxCheck[] = [];
  readonly #dialogChecks: DialogCheck[] = [];
  readonly #pressedAt: number[] = [];
  #lastWrite = '';
  readonly #broughtBackAt: number[] = [];
  readonly #sending: Array<Promise<unknown>> = [];

  constructor(stage: KeyboardStage, walk: Walk, plant: Plant | undefined) {
    this.#stage = stage;
    this.#walk = walk;
    this.#plant = plant;
    this.#random = seededRandom(walk.seed);
  }

  async play(): Promise<Evidence> {
    for (const step of this.#walk.steps) {
      if (!this.#stage.runs) await this.#stage.start();
      await this.#take(step);
    }
    await Promise.all(this.#sending);
    const atTheEnd = await this.#settle();
    const messages = await this.#stage.everyMessage();
    const canaries = this.#stage.canariesFound();
    return {
      sent: this.#stage.sent,
      messages,
      appearances: appearancesOf(this.#stage),
      boxChecks: this.#boxChecks,
      dialogChecks: this.#dialogChecks,
      canaries,
      pressedAt: this.#pressedAt,
      broughtBackAt: this.#broughtBackAt,
      atTheEnd,
    };
  }

  async #take(step: Step): Promise<void> {
    switch (step.do) {
      case 'keys':
        for (const key of step.keys) await this.#press(key);
        return;
      case 'type':
        for (const char of step.text) await this.#write(char);
        // a fault is acted on what stands there
        if (this.#plant) await this.#until(() => this.#box()?.text.includes(step.text) ?? false, plantedMs);
        return;
      case 'paste':
        return this.#write(`\x1b[200~${step.text}\x1b[201~`);
      case 'wait':
        await delay(step.ms);
        return;
      case 'resize':
        this.#stage.driver.resize(step.cols, step.rows);
        return;
      case 'send':
        this.#sending.push(this.#stage.send(step.number, step.from, step.shape, step.when));
        return;
      case 'watch':
        return this.#watch(step);
      case 'watch dialog':
        return this.#watchDialog(step);
    }
  }

  async #press(key: string): Promise<void> {
    const bytes = keyBytes[key];
    if (bytes === undefined) throw new Error(`no such key: ${key}`);
    if (bringsBack(key)) this.#broughtBackAt.push(Date.now());
    await this.#write(bytes);
  }

  /** One write, and the time until the next. */
  async #write(bytes: string): Promise<void> {
    this.#pressedAt.push(Date.now());
    this.#lastWrite = bytes;
    this.#stage.driver.write(bytes);
    const random = this.#random();
    await delay(this.#walk.speed === 'human' ? 30 + 90 * random : 12 * random);
  }

  #box(): Box | undefined {
    return readBox(this.#stage.driver.shownRows());
  }

  async #watch({ number, from, shape, burst }: Step & { do: 'watch' }): Promise<void> {
    const before = await this.#boxAtRest();
    const { id } = await this.#stage.send(number, from, shape);
    if (this.#plant) await sabotage(this.#plant, 'watch', this.#stage, id);
    let typed = '';
    if (burst && before) {
      await delay(burst.afterMs);
      this.#stage.driver.write(burst.text);
      typed = burst.text;
    }
    const wentIn = await this.#until(
      async () => {
        const state = (await this.#stage.message(id))?.state;
        return state !== undefined && state !== 'queued' && state !== 'leased';
      },
      this.#plant ? plantedMs : watchMs,
    );
    if (!wentIn || !before || !this.#stage.runs) return;
    const fits = (box: Box | undefined): boolean => {
      // a dialog or a view covers it: nothing can be said
      return box === undefined || keeps(box.text, before.text, typed);
    };
    await this.#until(() => fits(this.#box()), 8000);
    const after = this.#box();
    // on a busy machine the person's own Enter takes the box's text long after it was pressed
    const isOwnPrompt = this.#lastWrite === keyBytes.enter && this.#stage.wasAsked(before.text);
    if (after && !(isOwnPrompt && keeps(after.text, '', typed)))
      this.#boxChecks.push({ number, before: before.text, burst: typed, after: after.text });
  }

  /** The box of an idle session with no message on its way, once it stays as it is; undefined when that does not come. */
  async #boxAtRest(): Promise<Box | undefined> {
    let last: string | undefined;
    for (const deadline = Date.now() + (this.#plant ? plantedMs : restMs); Date.now() < deadline; ) {
      await this.#quiet();
      const own = (await this.#stage.sessions()).find(({ supervised }) => supervised);
      const box = this.#box();
      if (!box || own?.state !== 'idle' || own.pending > 0) last = undefined;
      else if (box.text === last) return box;
      else last = box.text;
    }
    return undefined;
  }

  async #watchDialog({ number, from }: Step & { do: 'watch dialog' }): Promise<void> {
    const isOpen = (): boolean => /Do you want to (proceed|allow)/.test(this.#stage.driver.screen());
    if (!(await this.#until(isOpen, this.#plant ? plantedMs : 4000))) return;
    await this.#quiet();
    if (!isOpen()) return;
    const results = (): number => this.#stage.api.requests.filter(({ isToolResult }) => isToolResult).length;
    const before = results();
    // an earlier permission may have been given by the person
    rmSync(this.#stage.allowedFile, { force: true });
    const { id } = await this.#stage.send(number, from, 'line');
    if (this.#plant) await sabotage(this.#plant, 'dialog', this.#stage, id);
    const answered = (): boolean => results() > before || existsSync(this.#stage.allowedFile);
    await this.#until(() => answered() || !isOpen(), dialogMs);
    const screen = this.#stage.driver.screen();
    this.#dialogChecks.push({ number, stillOpen: isOpen(), answered: answered(), screen });
  }

  /** Waits until nothing has been written to the terminal for a moment. */
  async #quiet(): Promise<void> {
    let length = -1;
    // a spinner is never quiet
    for (let look = 0; look < 6; look++) {
      const now = this.#stage.driver.rawOutput().length;
      if (now === length) return;
      length = now;
      await delay(250);
    }
  }

  async #until(holds: () => boolean | Promise<boolean>, withinMs: number): Promise<boolean> {
    const deadline = Date.now() + withinMs;
    while (!(await holds())) {
      if (Date.now() > deadline) return false;
      await delay(50);
    }
    return true;
  }

  /** The person puts everything in order, so that nothing stands in the messages' way, until none is open any more. */
  async #settle(): Promise<string> {
    const deadline = Date.now() + settleMs;
    let newSessionAt = 8;
    for (let round = 0; Date.now() < deadline; round++) {
      const messages = await this.#stage.everyMessage().catch(() => undefined);
      if (messages?.every(({ state }) => isSettled(state))) break;
      // other means, the longer it takes; a new session is the last, and is given longer each time
      if (round === newSessionAt && this.#stage.runs) {
        this.#stage.driver.kill('SIGHUP');
        newSessionAt = 2 * round + 8;
      }
      await this.#tidy();
      await delay(1000);
    }
    const sessions = await this.#stage.sessions();
    const states = sessions.map(
      ({ id, state, waitingFor, pending }) => `${id} ${state} ${waitingFor ?? ''} ${pending} pending`,
    );
    return [
      `sessions: ${states.join('; ') || 'none'}`,
      this.#stage.runs ? this.#stage.driver.screen() : 'claudex has ended',
    ].join('\n');
  }

  async #tidy(): Promise<void> {
    if (!this.#stage.runs) return this.#stage.start();
    await this.#quiet();
    const box = this.#box();
    if (!box) await this.#press('esc');
    else if (box.sign !== '❯') for (const key of ['esc', 'ctrl-u', 'backspace']) await this.#press(key);
    else if (box.text !== '') for (const key of ['ctrl-e', 'ctrl-u', 'ctrl-c']) await this.#press(key);
  }
}
