/** How much of what claude asks the daemon holds; what is beyond it can be answered in its terminal. */
import { ClaudexError } from '../../errors/claudex-error.ts';
import type { LiveQuestion } from './live-question.ts';

/** More than this nobody reads. */
const maxOpen = 1000;
/** A longer input nobody reads either, and made visible it may be ten times as long. */
const maxInputChars = 1 << 20;
/** Of all that is asked at once: inputs, and what is shown of them. */
const maxHeldChars = 1 << 25;

/** @throws ClaudexError QUESTION_NOT_REMOTE where one more would be too many, or an input is too long */
export function checkRoom(live: Iterable<LiveQuestion>, input: unknown): void {
  const chars = JSON.stringify(input).length;
  if (chars > maxInputChars) throw new ClaudexError('QUESTION_NOT_REMOTE', `Its input has ${chars} characters.`);
  const open = [...live].filter((one) => one.isOpen);
  if (open.length >= maxOpen) throw new ClaudexError('QUESTION_NOT_REMOTE', `${maxOpen} are open already.`);
  const held = open.reduce((sum, one) => sum + one.heldChars, chars);
  if (held > maxHeldChars) throw new ClaudexError('QUESTION_NOT_REMOTE', 'What is open already is as much as is held.');
}
