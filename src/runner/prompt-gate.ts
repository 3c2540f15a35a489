/**
 * Is the prompt box free for a message? The last word before anything is typed: claude's own session file, the person's last
 * key, and the box itself, seen on the screen. Keys alone never tell that it is empty, because claude puts text into it by itself.
 */
import { type PromptBox, readPromptBox } from '../claude/session/prompt-box.ts';
import { readSessionFile, stateFromStatus } from '../claude/session/session-file.ts';
import { submitKey } from '../claude/session/submit-key.ts';
import { isRunnable, isStopped } from '../process/identity.ts';
import type { GateReason } from '../protocol/wire.ts';
import type { OutputRing } from '../terminal/output-ring.ts';
import { LiveScreen } from '../terminal/screen-model.ts';
import type { PersonKeys } from './person-keys.ts';

/** Somebody who pressed a key this recently is still typing. */
export const typingQuietMs = 800;
/** A paste of the person's that stops in its middle is waited for this long. */
const longestPasteMs = 30_000;

export interface PromptGateOptions {
  configDir: string;
  pid: number;
  keys: PersonKeys;
  ring: OutputRing;
  /** How many bytes have been typed that claude has not read yet. */
  unread: () => number;
  now: () => number;
}

export class PromptGate {
  readonly #options: PromptGateOptions;
  readonly #screen: LiveScreen;
  /** Enter was tried, and did not submit. */
  #enterFailed = false;

  constructor(options: PromptGateOptions) {
    this.#options = options;
    this.#screen = new LiveScreen(options.ring);
  }

  /** Undefined when a message may be typed now, else why not. */
  async shutBecause(): Promise<GateReason | undefined> {
    const shut = this.notIdle() ?? this.#shutByPerson() ?? (this.submitKey() === undefined ? 'no-submit' : undefined);
    if (shut) return shut;
    const box = await this.readBox();
    if (box.kind === 'unknown') return 'unknown-box';
    if (box.kind !== 'empty') return 'draft';
    // the screen took a moment to work out: ask again what may have changed meanwhile
    return this.#shutByPerson() ?? this.notIdle();
  }

  /**
   * Whether claude says of itself that it is idle with no dialog open. While claude is stopped, or has unread input, its session file
   * and its screen are out of date: it counts as not idle.
   */
  notIdle(): GateReason | undefined {
    if (isStopped(this.#options.pid) || this.#options.unread() > 0) return 'suspended';
    const status = this.#status();
    if (status === null) return 'unknown-state';
    return stateFromStatus(status) === 'idle' ? undefined : 'not-idle';
  }

  isBusy(): boolean {
    return this.#status() === 'busy';
  }

  /** True while claude has yet to read what was typed, and is not stopped. */
  isReading(): boolean {
    return this.#options.unread() > 0 && !isStopped(this.#options.pid);
  }

  /** True while claude works on something, were it only on the last keys: what it has read may be yet to be drawn. */
  isRunnable(): boolean {
    return isRunnable(this.#options.pid);
  }

  async readBox(): Promise<PromptBox> {
    return readPromptBox(await this.#screen.rows());
  }

  /** The key that submits; undefined when none is known to. */
  submitKey(): Buffer | undefined {
    return this.#enterFailed ? undefined : submitKey(this.#options.configDir);
  }

  /** Enter has not submitted: nothing more is typed until the person has submitted something. */
  enterHasFailed(): void {
    this.#enterFailed = true;
  }

  personHasSubmitted(): void {
    this.#enterFailed = false;
  }

  /** Milliseconds until the last key is long enough ago. */
  typingEndsInMs(): number {
    const { keys, now } = this.#options;
    if (keys.lastKeyAt === 0) return 0;
    return Math.max(0, keys.lastKeyAt + (keys.isPasting ? longestPasteMs : typingQuietMs) - now());
  }

  #shutByPerson(): GateReason | undefined {
    return this.typingEndsInMs() > 0 ? 'typing' : undefined;
  }

  #status(): string | null {
    const file = readSessionFile(this.#options.configDir, this.#options.pid);
    // what stands in this terminal then is the agents view, or another process
    return file && file.parkedJobId === null ? file.status : null;
  }
}
