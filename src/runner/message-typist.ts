/** Carries out the daemon's paste commands in this session, and tells it what became of each. */
import { setTimeout as delay } from 'node:timers/promises';
import { isTypeable } from '../protocol/attribution.ts';
import type { GateReason, LeaseReport, SupervisorCommand } from '../protocol/wire.ts';
import type { InputLane } from './input-lane.ts';
import { pasteMessage } from './paste.ts';
import { type PromptGate, typingQuietMs } from './prompt-gate.ts';

/**
 * A shut gate is looked at again after each pause in typing, whenever claude has drawn something, and besides after this long, twice
 * as long, and so on: some reasons pass without a word (claude has yet to read what a terminal answered).
 */
const firstRecheckMs = 10;
const longestRecheckMs = 5000;
/** What claude draws at once it draws within this time, in several writes. */
const drawnWithinMs = 10;

type PasteCommand = Extract<SupervisorCommand, { type: 'paste' }>;

export interface TypistOptions {
  gate: PromptGate;
  lane: InputLane;
  size: () => { cols: number; rows: number };
  nextOutput: (timeoutMs: number) => Promise<void>;
  reportLease: (report: LeaseReport) => void;
  reportGateOpen: () => void;
  now: () => number;
}

export class MessageTypist {
  readonly #options: TypistOptions;
  readonly #proofs = new Map<string, () => void>();
  #busy = false;
  /** What stands in the box, or may: typed by us and not proven yet. */
  #typed: LeaseReport | undefined;
  /** Counts the waits for a look at the shut gate: only the last one is followed by a look. Undefined while nobody asks. */
  #watch: symbol | undefined;
  #watchedSince = 0;

  constructor(options: TypistOptions) {
    this.#options = options;
  }

  async take(command: PasteCommand): Promise<void> {
    const { gate, lane, now, nextOutput } = this.#options;
    const { messageId, lease } = command;
    // we were stopped (Ctrl-Z) or asleep: the daemon has taken the lease back, or is about to
    if (now() > command.deadlineSteadyMs) return this.#refuse(command, 'suspended');
    if (this.#busy) return this.#refuse(command, 'busy-lane');
    // whoever holds the line to us is not believed: what is typed here counts as the person's own word
    if (!isTypeable(command.text, messageId)) return this.#refuse(command, 'not-plain');
    this.#busy = true;
    let proven = false;
    let hasWritten = false;
    const proof = new Promise<void>((resolve) => {
      this.#proofs.set(messageId, () => {
        proven = true;
        resolve();
      });
    });
    try {
      const outcome = await pasteMessage(
        {
          shutBecause: () => gate.shutBecause(),
          notIdle: () => gate.notIdle(),
          isBusy: () => gate.isBusy(),
          isReading: () => gate.isReading(),
          isRunnable: () => gate.isRunnable(),
          readBox: () => gate.readBox(),
          size: this.#options.size,
          reserve: (type) =>
            lane.reserve((write) =>
              type((bytes) => {
                hasWritten = true;
                write(bytes);
              }),
            ),
          nextChange: (timeoutMs) => Promise.race([proof, nextOutput(timeoutMs)]),
          isProven: () => proven,
          now,
        },
        { text: command.text, mark: command.mark, submit: () => gate.submitKey() },
        (isLeft) => {
          this.#typed = { messageId, lease, outcome: 'typed', isLeft };
          this.#options.reportLease(this.#typed);
        },
      );
      if (outcome === 'proven') return;
      if (outcome === 'no-submit') gate.enterHasFailed();
      this.#refuse(command, outcome);
    } catch {
      // a fault of ours (the screen cannot be worked out): the daemon is told as much as is certain, and finds another way
      this.#refuse(command, hasWritten ? 'unproven' : 'unknown-state');
    } finally {
      this.#proofs.delete(messageId);
      this.#typed = undefined;
      this.#busy = false;
    }
  }

  /** A daemon is there again: it is to know what stands in the box. */
  reconnected(): void {
    if (this.#typed) this.#options.reportLease(this.#typed);
  }

  /** Claude has reported a submitted prompt; `messageId` when it carried our mark. */
  promptSubmitted(messageId: string | undefined): void {
    if (messageId !== undefined) this.#proofs.get(messageId)?.();
    else this.#options.gate.personHasSubmitted();
  }

  /** The daemon is to know when nobody types here and no draft stands here: at once, or as soon as that is so. */
  async lookAtGate(): Promise<void> {
    // what becomes of the paste makes the daemon look again
    if (this.#busy) return;
    if ((await this.#options.gate.shutBecause()) === undefined) this.#options.reportGateOpen();
    else if (this.#watch === undefined) this.#watchAnew();
  }

  /** The person has pressed a key: a waiting message may have to wait for the pause after it. */
  keyPressed(): void {
    if (this.#watch !== undefined) void this.#watchGate();
  }

  close(): void {
    this.#watch = undefined;
  }

  #refuse({ messageId, lease }: PasteCommand, reason: GateReason): void {
    this.#options.reportLease({ messageId, lease, outcome: 'refused', reason });
    this.#watchAnew();
  }

  #watchAnew(): void {
    this.#watchedSince = this.#options.now();
    void this.#watchGate();
  }

  /** Looks at the gate after the next pause in typing, or when something may have changed; stops once it has reported it open. */
  async #watchGate(): Promise<void> {
    const watch = Symbol();
    this.#watch = watch;
    while (this.#watch === watch) {
      await this.#somethingChanges();
      if (this.#watch !== watch) return;
      const isShut = await this.#options.gate.shutBecause().then(
        (reason) => reason !== undefined,
        () => true, // not known now
      );
      if (isShut || this.#watch !== watch) continue;
      this.#watch = undefined;
      this.#options.reportGateOpen();
    }
  }

  async #somethingChanges(): Promise<void> {
    const { gate, nextOutput, now } = this.#options;
    const pauseMs = gate.typingEndsInMs();
    if (pauseMs > 0) return delay(Math.min(pauseMs, typingQuietMs) + 20, undefined, { ref: false });
    const watchedForMs = now() - this.#watchedSince;
    await nextOutput(Math.min(Math.max(watchedForMs, firstRecheckMs), longestRecheckMs));
    await delay(drawnWithinMs, undefined, { ref: false });
  }
}
