/**
 * Is the prompt box known to be empty and idle? The last word before anything is typed: claude's own session file,
 * the person's keys, and in doubt the screen itself.
 */
import { type PromptBox, readPromptBox } from '../claude/session/prompt-box.ts';
import { readSessionFile, stateFromStatus } from '../claude/session/session-file.ts';
import { isStopped } from '../process/identity.ts';
import type { GateReason } from '../protocol/wire.ts';
import type { OutputRing } from '../terminal/output-ring.ts';
import { renderScreen } from '../terminal/screen-model.ts';
import type { DraftTracker } from './draft-tracker.ts';

/** Somebody who pressed a key this recently is still typing. */
export const typingQuietMs = 800;

export interface PromptGateOptions {
  configDir: string;
  pid: number;
  draft: DraftTracker;
  ring: OutputRing;
  /** How many bytes have been typed that claude has not read yet. */
  unread: () => number;
  now: () => number;
}

export class PromptGate {
  readonly #options: PromptGateOptions;

  constructor(options: PromptGateOptions) {
    this.#options = options;
  }

  /** Undefined when a message may be typed now, else why not. */
  async shutBecause(): Promise<GateReason | undefined> {
    const { draft } = this.#options;
    const unfit = this.notIdle();
    if (unfit) return unfit;
    if (this.#isTyping()) return 'typing';
    if (!draft.maybeDraft) return undefined;
    const box = await this.readBox();
    // the screen took a moment to work out: ask again what may have changed meanwhile
    if (this.#isTyping()) return 'typing';
    if (box.kind !== 'empty') return 'draft';
    draft.provenEmpty();
    return this.notIdle();
  }

  /**
   * Claude's own word that it is idle with no dialog open. A claude that is stopped, or has not come to what was typed before, has
   * not said so of now, nor drawn its box.
   */
  notIdle(): GateReason | undefined {
    if (isStopped(this.#options.pid) || this.#options.unread() > 0) return 'suspended';
    const file = readSessionFile(this.#options.configDir, this.#options.pid);
    if (!file || file.status === null) return 'unknown-state';
    return stateFromStatus(file.status) === 'idle' ? undefined : 'not-idle';
  }

  async readBox(): Promise<PromptBox> {
    const { size, events } = this.#options.ring.snapshot();
    return readPromptBox(await renderScreen(size, events));
  }

  /** Milliseconds until the last key is long enough ago. */
  typingEndsInMs(): number {
    return Math.max(0, this.#options.draft.lastKeyAt + typingQuietMs - this.#options.now());
  }

  #isTyping(): boolean {
    return this.#options.draft.lastKeyAt > 0 && this.typingEndsInMs() > 0;
  }
}
