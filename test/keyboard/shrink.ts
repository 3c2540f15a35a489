/** Looks for a shorter walk that breaks the same promise, by dropping steps, as far as the bound allows. */
import type { Step, Walk } from './steps.ts';

/** `breaks` plays a walk; `mayGoOn` is the bound. Halves are dropped first, single steps last. */
export async function shrinkWalk(
  walk: Walk,
  breaks: (shorter: Walk) => Promise<boolean>,
  mayGoOn: () => boolean,
): Promise<Walk> {
  let shortest = walk;
  for (let size = Math.ceil(walk.steps.length / 2); size >= 1; ) {
    let dropped = false;
    for (let from = 0; from < shortest.steps.length && mayGoOn(); ) {
      const steps = without(shortest.steps, from, size);
      if (steps.length > 0 && steps.some(bringsMessage) && (await breaks({ ...shortest, steps }))) {
        shortest = { ...shortest, steps };
        dropped = true;
      } else from += size;
    }
    if (!mayGoOn() || (size === 1 && !dropped)) break;
    if (!dropped || size > shortest.steps.length) size = size === 1 ? 0 : Math.ceil(size / 2);
  }
  return shortest;
}

function without(steps: readonly Step[], from: number, count: number): Step[] {
  return [...steps.slice(0, from), ...steps.slice(from + count)];
}

function bringsMessage({ do: what }: Step): boolean {
  return what === 'send' || what === 'watch' || what === 'watch dialog';
}
