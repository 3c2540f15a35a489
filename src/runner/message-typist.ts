/** Carries out the daemon's paste commands in this session, and tells it what became of each. */
import { setTimeout as delay } from 'node:timers/promises';
import { isTypeable } from '../protocol/attribution.ts';
import type { GateReason, LeaseReport, SupervisorCommand } from '../protocol/wire.ts';
import type { DraftTracker } from './draft-tracker.ts';
import type { InputLane } from './input-lane.ts';
import { pasteMessage } from './paste.ts';
import { type PromptGate, typingQuietMs } from './prompt-gate.ts';

/** A refused gate is looked at again this often while a message waits, besides after each pause in typing. */
const gateRecheckMs = 5000;

type PasteCommand = Extract<SupervisorCommand, { type: 'paste' }>;

export interface TypistOptions {
  gate: PromptGate;
  draft: DraftTracker;
  lane: InputLane;
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
  #gateTimer: NodeJS.Timeout | undefined;

  constructor(options: TypistOptions) {
    this.#options = options;
  }

  async take(command: PasteCommand): Promise<void> {
    const { gate, draft, lane, now } = this.#options;
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
          readBox: () => gate.readBox(),
          reserve: (type) =>
            lane.reserve((write) =>
              type((bytes) => {
                hasWritten = true;
                write(bytes);
              }),
            ),
          nextOutput: this.#options.nextOutput,
          proof: async (timeoutMs) => {
            await Promise.race([proof, delay(timeoutMs, undefined, { ref: false })]);
            return proven;
          },
          keysSince: (since) => draft.lastKeyAt > since,
          delay: (ms) => delay(ms),
          now,
        },
        command.text,
        command.mark,
        () => {
          this.#typed = { messageId, lease, outcome: 'typed' };
          this.#options.reportLease(this.#typed);
        },
      );
      if (outcome === 'proven') return;
      // what we have typed may still stand there: from here on it counts as a draft
      if (outcome === 'given-up') draft.maybeDraft = true;
      this.#refuse(command, outcome === 'given-up' ? 'unproven' : outcome);
    } catch {
      // a fault of ours (the screen cannot be worked out): the daemon is told as much as is certain, and finds another way
      if (hasWritten) draft.maybeDraft = true;
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
    else this.#options.draft.promptTaken();
  }

  /** The daemon is to know when nobody types here and no draft stands here: at once, or as soon as that is so. */
  async lookAtGate(): Promise<void> {
    // what becomes of the paste makes the daemon look again
    if (this.#busy) return;
    if ((await this.#options.gate.shutBecause()) === undefined) this.#options.reportGateOpen();
    else this.#watchGate();
  }

  /** The person has pressed a key: a waiting message may have to wait for the pause after it. */
  keyPressed(): void {
    if (this.#gateTimer) this.#watchGate();
  }

  close(): void {
    clearTimeout(this.#gateTimer);
  }

  #refuse({ messageId, lease }: PasteCommand, reason: GateReason): void {
    this.#options.reportLease({ messageId, lease, outcome: 'refused', reason });
    this.#watchGate();
  }

  /** Looks at the gate again after the next pause in typing; stops once it has reported it open. */
  #watchGate(): void {
    clearTimeout(this.#gateTimer);
    const pauseMs = this.#options.gate.typingEndsInMs();
    this.#gateTimer = setTimeout(
      () => {
        const look = this.#options.gate.shutBecause();
        void look.then(
          (reason) => {
            if (reason !== undefined) return this.#watchGate();
            this.#gateTimer = undefined;
            this.#options.reportGateOpen();
          },
          () => this.#watchGate(), // not known now
        );
      },
      pauseMs > 0 ? Math.min(pauseMs + 20, typingQuietMs + 20) : gateRecheckMs,
    );
    this.#gateTimer.unref();
  }
}
