/** The turns of one transcript, oldest first; one turn in memory at a time. */
import { ClaudexError } from '../../errors/claudex-error.ts';
import { type TextShape, TurnFold } from './fold-turns.ts';
import { readLines } from './read-blocks.ts';
import { parseRecord } from './record.ts';
import type { Turn } from './turn.ts';
import { indexTurns } from './turn-index.ts';

export interface ReadTurnsOptions {
  /** Only the last so many. */
  last?: number;
  /** Only this one (from 1). */
  only?: number;
  shape?: TextShape;
}

/**
 * One turn by its number; -1 is the last, -2 the one before.
 * @throws ClaudexError NO_SUCH_TURN
 */
export function readTurn(path: string, number: number, shape?: TextShape): Turn {
  const count = indexTurns(path).length;
  const only = number < 0 ? count + 1 + number : number;
  for (const turn of readTurns(path, { only, ...(shape && { shape }) })) return turn;
  throw new ClaudexError('NO_SUCH_TURN', `Asked for ${number}; there ${count === 1 ? 'is 1' : `are ${count}`}.`);
}

/** Yields nothing for a file that is not there, or has no turn (yet). */
export function* readTurns(path: string, options: ReadTurnsOptions = {}): Generator<Turn> {
  const starts = indexTurns(path);
  const first = options.only ?? Math.max(1, starts.length - (options.last ?? starts.length) + 1);
  const end = options.only ?? starts.length;
  if (first < 1 || first > starts.length) return;
  // the turn before is read too: a compaction stands at its end, and what stands before the first prompt belongs to it
  const before = Math.max(1, first - 1);
  const from = before === 1 ? 0 : starts[before - 1];
  const ended: Turn[] = [];
  const fold = new TurnFold(
    { onEnd: (turn) => ended.push(turn) },
    { nextIndex: before, ...(options.shape && { shape: options.shape }) },
  );
  for (const { bytes } of readLines(path, from, starts[end])) {
    const record = parseRecord(bytes);
    if (record) fold.push(record);
    yield* ended.splice(0).filter((turn) => turn.index >= first);
  }
  fold.end(end < starts.length);
  yield* ended.filter((turn) => turn.index >= first);
}
