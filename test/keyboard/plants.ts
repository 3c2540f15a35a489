/**
 * Planted faults: what a claudex with that fault would do is done in its place, on its own way in (the terminal, the
 * daemon), so that the verdict is seen to catch it.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { appearancesOf } from './appearances.ts';
import { readBox } from './box.ts';
import type { Appearance } from './evidence.ts';
import type { KeyboardStage } from './stage.ts';
import type { Step, Walk } from './steps.ts';
import type { PromiseName } from './verdict.ts';

/** Every planted fault, and the promise that it breaks. */
export const brokenBy = {
  doubled: 'once',
  lost: 'once',
  changed: 'whole',
  mixed: 'unmixed',
  'run by a shell': 'unrun',
  'draft lost': 'kept',
  'dialog answered': 'unanswered',
} as const satisfies Record<string, PromiseName>;
export type Plant = keyof typeof brokenBy;
export const plants = Object.keys(brokenBy) as Plant[];

/** The shortest walk in which that fault can be acted. */
export function walkFor(plant: Plant): Walk {
  const message = { number: 1, from: 'user', shape: 'shell' } as const;
  const watch: Step = { do: 'watch', ...message };
  const enter: Step = { do: 'keys', keys: ['enter'] };
  const steps: Record<Plant, Step[]> = {
    doubled: [watch],
    lost: [{ do: 'type', text: 'p1q a draft' }, watch],
    changed: [watch],
    mixed: [{ do: 'type', text: 'p1q a draft' }, watch],
    'run by a shell': [watch],
    'draft lost': [{ do: 'type', text: 'p1q a draft' }, watch],
    'dialog answered': [
      { do: 'type', text: 'p1q PERM' },
      { do: 'wait', ms: 300 },
      enter,
      { do: 'watch dialog', number: 1, from: 'user' },
    ],
  };
  const plain = { installed: false, editorMode: 'normal', permissions: 'default', enterIsNewline: false } as const;
  return { seed: 1, speed: 'machine', ...plain, cols: 100, rows: 30, steps: steps[plant] };
}

const paste = (text: string): string => `\x1b[200~${text}\x1b[201~`;

/** Acts the fault, where it is one for this moment: `watch`, right after a message was accepted, or `dialog`. */
export async function sabotage(
  plant: Plant,
  moment: 'watch' | 'dialog',
  stage: KeyboardStage,
  id: string,
): Promise<void> {
  const { driver } = stage;
  const sent = stage.sent.find((one) => one.id === id)!;
  const text = `[claudex ${id} from the user’s shell]\n${sent.body}`;
  /** Enter in one piece with what comes before it would be swallowed. */
  const submit = async (pasted: string): Promise<void> => {
    driver.write(paste(pasted));
    await driver.waitForScreen(() => readBox(driver.shownRows())?.text.includes('[claudex') ?? false);
    driver.write('\r');
  };
  const until = async (holds: () => boolean | Promise<boolean>): Promise<void> => {
    for (let look = 0; look < 200 && !(await holds()); look++) await delay(50);
  };
  const wentIn = (): Promise<void> => until(async () => (await stage.message(id))?.state === 'answered');
  /** The walk may end as soon as the message is settled: what was done to it has to be there by then. */
  const submitAgain = async (pasted: string): Promise<void> => {
    await submit(pasted);
    const isThere = ({ where, ...one }: Appearance): boolean => where === 'transcript' && one.id === id;
    await until(() => appearancesOf(stage).filter(isThere).length > 1);
  };
  if (moment === 'dialog') {
    if (plant === 'dialog answered') driver.write('\r');
    return;
  }
  switch (plant) {
    case 'doubled':
      await wentIn();
      return submitAgain(text);
    case 'lost':
      return cancel(stage, id);
    case 'changed':
      await wentIn();
      return submitAgain(text.replace('go', 'stop'));
    case 'mixed':
      // what stands in the box goes along
      return submit(text);
    case 'run by a shell':
      await wentIn();
      driver.write('!');
      await driver.waitForScreen(() => readBox(driver.shownRows())?.sign === '!');
      await submit(text);
      return until(() => stage.canariesFound().length > 0);
    case 'draft lost':
      driver.write('\x15');
      return;
    case 'dialog answered':
      return;
  }
}

/** It waits for the draft to go; a lease that is refused just then is waited for. */
async function cancel({ client }: KeyboardStage, id: string): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const cancelled = await client.changeMessage(id, 'cancel').catch(() => undefined);
    if (cancelled) return;
    await delay(20);
  }
}
