/** A message's history, kept short: what happens again and again stands there once, with how often and until when. Pure. */
import type { StateChange } from '../../protocol/message.ts';

/** No message has more entries; the first stays, and the newest. */
const maxEntries = 100;

/** Appends what has just happened. */
export function addToHistory(history: StateChange[], { state, at, route, reason }: StateChange): void {
  history.push({ state, at, ...(route !== undefined && { route }), ...(reason !== undefined && { reason }) });
  // a lease and its end come in pairs
  if (!foldRepeat(history, 1) && !foldRepeat(history, 2)) boundHistory(history);
}

/** Cuts a history that an older claudex let grow. */
export function boundHistory(history: StateChange[]): void {
  if (history.length > maxEntries) history.splice(1, history.length - maxEntries);
}

/** Where the last `length` entries say the same as those before them, they become those, once more. */
function foldRepeat(history: StateChange[], length: number): boolean {
  const from = history.length - 2 * length;
  // the acceptance stands for itself
  if (from < 1) return false;
  const before = history.slice(from, from + length);
  const again = history.slice(from + length);
  if (!before.every((entry, index) => saysTheSame(entry, again[index]!))) return false;
  for (const [index, entry] of before.entries()) {
    entry.times = (entry.times ?? 1) + 1;
    entry.lastAt = again[index]!.at;
  }
  history.length = from + length;
  return true;
}

function saysTheSame(a: StateChange, b: StateChange): boolean {
  return a.state === b.state && a.route === b.route && a.reason === b.reason;
}
