/**
 * The paste route, as the supervisor walks it: bracketed paste, Enter as a write of its own, then proof.
 * A second Enter only while our own text provably still stands in the box.
 */
import { holdsOurPaste, type PromptBox } from '../claude/session/prompt-box.ts';
import type { GateReason } from '../protocol/wire.ts';

/** What the route needs from its supervisor. */
export interface PasteSurface {
  /** Undefined when typing is safe now. */
  shutBecause(): Promise<GateReason | undefined>;
  /** Claude's own word, without drafts and keys. */
  notIdle(): GateReason | undefined;
  readBox(): Promise<PromptBox>;
  /** Gives the input lane to `type` alone. */
  reserve<T>(type: (write: (bytes: Buffer) => void) => Promise<T>): Promise<T>;
  /** Resolves with the next output of claude, or after `timeoutMs`. */
  nextOutput(timeoutMs: number): Promise<void>;
  /** Resolves true when claude reports our mark, false after `timeoutMs`. */
  proof(timeoutMs: number): Promise<boolean>;
  /** True when the person has pressed a key since `since` (as `now` tells it). */
  keysSince(since: number): boolean;
  delay(ms: number): Promise<void>;
  /** Milliseconds of the steady clock. */
  now(): number;
}

export type PasteOutcome = 'proven' | 'given-up' | GateReason;

/** Enter in the same write as the paste is swallowed by 2.1.197; 30 ms later works on both versions (facts section 3). */
const enterDelayMs = 30;
/** Longest wait for claude to show the paste before Enter. */
const echoTimeoutMs = 300;
/** Waits for proof before each look at the box; the last one repeats for as long as our text stands there. */
const proofWaitsMs = [1000, 1500, 2500, 5000, 10_000, 20_000];

const enter = Buffer.from('\r');

/**
 * Types `text` and submits it. `onTyped` is called when that is done, and again before each wait: the text is still ours.
 * @returns a gate reason when nothing was typed; `proven`; or `given-up` when our text is gone from the box unproven
 */
export async function pasteMessage(
  surface: PasteSurface,
  text: string,
  mark: string,
  onTyped: () => void,
): Promise<PasteOutcome> {
  const shut = await surface.shutBecause();
  if (shut) return shut;
  const typedAt = surface.now();
  const entered = await surface.reserve(async (write) => {
    write(Buffer.from(`\x1b[200~${text}\x1b[201~`));
    const quiet = surface.delay(enterDelayMs);
    await surface.nextOutput(echoTimeoutMs);
    await quiet;
    // a dialog may have come up while we typed: Enter would answer it
    if (surface.notIdle()) return false;
    write(enter);
    return true;
  });
  for (let round = 0; ; round++) {
    onTyped();
    const waitMs = proofWaitsMs[Math.min(round, proofWaitsMs.length - 1)]!;
    if (await surface.proof(entered ? waitMs : Math.min(waitMs, 500))) return 'proven';
    const box = await surface.readBox();
    if (box.kind === 'empty' && !surface.notIdle()) {
      if (await surface.proof(waitMs)) return 'proven';
      // stopped or at work meanwhile: the proof may still come
      if (!surface.notIdle()) return 'given-up';
    }
    // once the person has typed into our text, it is theirs to send
    if (surface.keysSince(typedAt)) continue;
    if (holdsOurPaste(box, mark) && !surface.notIdle()) {
      await surface.reserve(async (write) => write(enter));
    }
  }
}
