/**
 * The paste route, as the supervisor walks it: the box is seen empty, the text is pasted, the text is seen there and nothing
 * else, Enter, the box is seen to let go of it, proof. What cannot be submitted is taken out again, and seen to be gone.
 * The person's keys wait until the text is out of the box, one way or the other, or claude has opened a dialog.
 */
import { eraseKeys, hasLetGo, holdsExactly, mayHold, pasteKeys } from '../claude/session/pasted-text.ts';
import type { PromptBox } from '../claude/session/prompt-box.ts';
import type { PasteOutcome, PasteSurface, PasteText } from './paste-surface.ts';

type Write = (bytes: Buffer) => void;

/** Enter in the same write as the paste is swallowed by 2.1.197; 30 ms later works on all versions (docs/claude-facts.md#ways-in). */
const enterDelayMs = 30;
/** A paste that claude has read and shows nothing of for so long, and rests, was swallowed: it is still starting. */
const swallowedAfterMs = 1500;
/** Claude has drawn what it has read once it was found at rest, at every look, for so long. */
const restMs = 500;
/** Longest wait for the box to show what is to be in it. Longer than a busy machine takes. */
const showsWithinMs = 4000;
/** Enter that has done nothing for so long is pressed once more, and then given up. */
const submitsWithinMs = [1000, 2000];
/** How often the box is looked at when nothing is output. */
const lookMs = 50;
/** Claude draws a change within this time, in several writes. */
const drawnWithinMs = 20;
/** How long a text that may stand in the box is called ours before the daemon hears so again. */
const renewMs = 1000;
/** A key that claude has read is drawn within this time, also on a busy machine. */
const keysDrawnMs = 500;
/** How often a text that was kept from being submitted is looked at: the person may go on typing behind it. */
const leftLookMs = 100;
/** How long a mark may take to be reported after the box has let go of the text. */
const proofMs = 2500;

/**
 * Types the text and submits it. `onTyped` is called again and again for as long as it may stand in the box, with `true` once it
 * has been left there: it can be neither submitted nor taken out now.
 * @returns `proven`; or a reason, when the text is not in the box: not typed, never shown, taken out, or (`unproven`) submitted
 * without a word from claude
 */
export async function pasteMessage(
  surface: PasteSurface,
  message: PasteText,
  onTyped: (isLeft: boolean) => void,
): Promise<PasteOutcome> {
  const shut = await surface.shutBecause();
  if (shut) return shut;
  const typing = new Typing(surface, message, onTyped);
  return (await typing.putIn()) ?? (await typing.follow());
}

class Typing {
  readonly #surface: PasteSurface;
  readonly #message: PasteText;
  readonly #onTyped: (isLeft: boolean) => void;
  /** Enter has been pressed on it. */
  #entered = false;
  /** The box was seen to let go of it then. */
  #submitted = false;
  /** Since when every look has found claude at rest. */
  #restsSince: number | undefined;

  constructor(surface: PasteSurface, message: PasteText, onTyped: (isLeft: boolean) => void) {
    this.#surface = surface;
    this.#message = message;
    this.#onTyped = onTyped;
  }

  /** @returns undefined when what becomes of the text is still to be seen */
  putIn(): Promise<PasteOutcome | undefined> {
    return this.#surface.reserve(async (write) => {
      const surface = this.#surface;
      const firstAt = surface.now();
      let seen = await this.#paste(write);
      if (seen === 'swallowed') {
        // Nothing of ours is there: once more. On a slow machine the first one may still come up, looking just like the second,
        // so Enter waits until the second one, too, has had as long as the one that is there has taken.
        const secondAt = surface.now();
        seen = await this.#paste(write);
        const tookMs = surface.now() - firstAt;
        while (seen === 'shown' && surface.now() - secondAt < tookMs + swallowedAfterMs)
          await surface.nextChange(lookMs);
      }
      return seen === 'swallowed' ? undefined : await this.#submit(write, 'mixed');
    });
  }

  /** Waits for the proof, or for the text to be gone. A text that a dialog has kept from being submitted is submitted after it, or taken out. */
  async follow(): Promise<PasteOutcome> {
    const surface = this.#surface;
    const { text, mark } = this.#message;
    let emptySince: number | undefined;
    let isLeft = false;
    for (let renewedAt = 0; ; ) {
      if (surface.now() - renewedAt >= renewMs) {
        this.#onTyped(isLeft);
        renewedAt = surface.now();
      }
      if (await this.#isProvenWithin(this.#submitted ? renewMs : leftLookMs)) return 'proven';
      const rests = this.#rests();
      if (surface.notIdle() && !this.#isAtOtherWork()) {
        emptySince = undefined;
        isLeft = !this.#submitted;
        continue;
      }
      const box = await surface.readBox();
      const now = surface.now();
      const isGone = this.#submitted ? !mayHold(box, mark) : hasLetGo(box, mark);
      isLeft = !this.#submitted && !isGone;
      if (!isGone || surface.notIdle()) emptySince = undefined;
      else if (emptySince === undefined) emptySince = now;
      else if (now - emptySince >= proofMs && (this.#entered || rests)) return this.#entered ? 'unproven' : 'not-shown';
      // what has come back after it was submitted is the person's: Esc, or a hook of theirs
      if (this.#submitted || !holdsExactly(box, text)) continue;
      const outcome = await surface.reserve(async (write) => {
        for (const from = surface.now(); surface.isReading() || surface.now() - from < keysDrawnMs; ) {
          await surface.nextChange(lookMs);
        }
        return this.#submit(write, 'left');
      });
      if (outcome) return outcome;
    }
  }

  /** Pastes the text, and waits until it is seen in the box. */
  async #paste(write: Write): Promise<'shown' | 'swallowed' | undefined> {
    const surface = this.#surface;
    const from = surface.now();
    write(pasteKeys(this.#message.text, surface.size()));
    this.#onTyped(false);
    for (let renewedAt = from; ; ) {
      await surface.nextChange(lookMs);
      const now = surface.now();
      if (now - renewedAt > renewMs) {
        this.#onTyped(false);
        renewedAt = now;
      }
      if (surface.isReading() && now - from < 5 * showsWithinMs) continue;
      const rests = this.#rests();
      if (surface.notIdle() && !this.#isAtOtherWork()) return undefined;
      const box = await surface.readBox();
      if (holdsExactly(box, this.#message.text)) {
        while (surface.now() - from < enterDelayMs) await surface.nextChange(enterDelayMs);
        return 'shown';
      }
      if (box.kind === 'empty' && now - from > swallowedAfterMs && rests && !surface.notIdle()) return 'swallowed';
      if (now - from > showsWithinMs) return undefined;
    }
  }

  /**
   * Presses Enter while exactly our text stands there. What does not go is taken out again.
   * @returns undefined when what becomes of the text is still to be seen
   */
  async #submit(write: Write, otherwise: 'mixed' | 'left'): Promise<PasteOutcome | undefined> {
    const surface = this.#surface;
    for (const waitMs of submitsWithinMs) {
      const isOurs = await this.#standsAlone();
      if (this.#isAtOtherWork()) return (await this.#takeOut(write)) ? 'not-idle' : undefined;
      // a dialog may have come up while we looked: Enter would answer it
      if (surface.notIdle()) return undefined;
      if (!isOurs) {
        this.#submitted = this.#entered && (await this.#isGone());
        if (this.#submitted || otherwise === 'left') return undefined;
        return (await this.#takeOut(write)) ? 'draft' : undefined;
      }
      const enter = this.#message.submit();
      if (!enter) break;
      write(enter);
      this.#entered = true;
      const seen = await this.#seesSubmit(waitMs);
      if (seen !== 'stands') return seen;
    }
    return (await this.#takeOut(write)) ? 'no-submit' : undefined;
  }

  /** Waits for the box to let go of our text. Claude may have begun to work for another reason meanwhile. */
  async #seesSubmit(waitMs: number): Promise<'proven' | 'stands' | undefined> {
    const surface = this.#surface;
    for (const from = surface.now(); ; ) {
      await surface.nextChange(lookMs);
      if (surface.isProven()) return 'proven';
      this.#submitted = await this.#isGone();
      if (this.#submitted) return undefined;
      if (surface.isReading() || surface.now() - from < waitMs) continue;
      return surface.notIdle() ? undefined : 'stands';
    }
  }

  /** Takes our text out of the box. True when it is seen to be gone, and was not submitted after all. */
  async #takeOut(write: Write): Promise<boolean> {
    const surface = this.#surface;
    const { text } = this.#message;
    const keys = eraseKeys(await surface.readBox(), text) ?? eraseKeys(await this.#boxDrawn(), text);
    if (!keys || (surface.notIdle() && !this.#isAtOtherWork())) return false;
    write(keys);
    for (const from = surface.now(); surface.now() - from < showsWithinMs; ) {
      await surface.nextChange(lookMs);
      if (surface.isProven() || (surface.isBusy() && !this.#isAtOtherWork())) return false;
      if (!surface.isReading() && (await this.#isGone())) return true;
    }
    return false;
  }

  /**
   * Claude works on something that is not ours: a prompt of the person's, which had left the box before claude said that it
   * works. Its box is there, and Enter would queue our text behind that prompt.
   */
  #isAtOtherWork(): boolean {
    return !this.#entered && this.#surface.isBusy();
  }

  /** Whether claude is found at rest, and has been for a while: on a busy machine it waits for seconds between reading a paste and drawing it. */
  #rests(): boolean {
    const now = this.#surface.now();
    if (this.#surface.isRunnable()) this.#restsSince = undefined;
    else this.#restsSince ??= now;
    return this.#restsSince !== undefined && now - this.#restsSince >= restMs;
  }

  /** Exactly our text stands in the box; looked at again when it seems not to, because it may be being drawn. */
  async #standsAlone(): Promise<boolean> {
    const { text } = this.#message;
    return holdsExactly(await this.#surface.readBox(), text) || holdsExactly(await this.#boxDrawn(), text);
  }

  /** The box has let go of our text, also at a second look: the first may have met a box that was being drawn. */
  async #isGone(): Promise<boolean> {
    const { mark } = this.#message;
    if (!hasLetGo(await this.#surface.readBox(), mark)) return false;
    return hasLetGo(await this.#boxDrawn(), mark);
  }

  /** The box at a second look. */
  async #boxDrawn(): Promise<PromptBox> {
    await this.#surface.nextChange(drawnWithinMs);
    return this.#surface.readBox();
  }

  async #isProvenWithin(timeoutMs: number): Promise<boolean> {
    const surface = this.#surface;
    for (const from = surface.now(); ; ) {
      const leftMs = timeoutMs - (surface.now() - from);
      if (surface.isProven()) return true;
      if (leftMs <= 0) return false;
      await surface.nextChange(leftMs);
    }
  }
}
