/** The person: from a seed, a walk through claude's keyboard, habit by habit, with messages coming at random moments. Pure. */
import { seededRandom } from '../support/seeded-random.ts';
import { type From, type Shape, type Speed, type Step, shapes, type Walk } from './steps.ts';

/** What the plan of one walk draws from. */
class Dice {
  readonly #random: () => number;
  constructor(seed: number) {
    // neighbouring seeds are to give different walks
    this.#random = seededRandom(seed * 7919 + 17);
  }
  chance(probability: number): boolean {
    return this.#random() < probability;
  }
  upTo(count: number): number {
    return Math.floor(this.#random() * count);
  }
  pick<T>(list: readonly T[]): T {
    return list[this.upTo(list.length)]!;
  }
}

const keys = (...names: string[]): Step => ({ do: 'keys', keys: names });
const type = (text: string): Step => ({ do: 'type', text });
const wait = (ms: number): Step => ({ do: 'wait', ms });
const submit = (text: string): Step[] => [type(text), wait(120), keys('enter')];
/** A command of claude's, run from its menu, or before that is there. */
const command = (dice: Dice, text: string): Step[] => [
  type(text),
  wait(dice.pick([5, 150, 500])),
  keys('enter'),
  wait(400),
];

const ctrlAndAlt = [
  ...'abdefghklnoprstuvwxy'.split('').map((letter) => `ctrl-${letter}`),
  ...'abcdefghijklmnopqrstuvwxyz'.split('').map((letter) => `alt-${letter}`),
  ...['ctrl-_', 'ctrl-\\', 'ctrl-]', 'ctrl-^', 'ctrl-space', 'alt-enter', 'alt-backspace', 'delete', 'home', 'end'],
  ...[
    'ctrl-right',
    'ctrl-left',
    'page-up',
    'page-down',
    'shift-up',
    'shift-down',
    'up',
    'down',
    'left',
    'right',
    'tab',
  ],
  ...['shift-tab', 'backspace', 'esc', '?'],
];

type Habit = (dice: Dice, word: () => string) => Step[];

/** Each habit, and how often the person has it. */
const habits: ReadonlyArray<[weight: number, name: string, habit: Habit]> = [
  [3, 'prompt', (_, word) => submit(`${word()} do it`)],
  [3, 'draft', (_, word) => [type(`${word()} half a dr`), wait(900)]],
  [2, 'draft, then sent', (dice, word) => [type(`${word()} half `), wait(dice.upTo(1500)), ...submit('and whole')]],
  [
    2,
    'draft given up',
    (dice, word) => [type(`${word()} no`), wait(300), dice.pick([keys('ctrl-u'), keys('esc', 'esc'), keys('ctrl-c')])],
  ],
  [
    2,
    'stash',
    (_, word) => [type(`${word()} stashed`), keys('ctrl-s'), wait(200), ...submit(`${word()} quick`), wait(600)],
  ],
  [
    2,
    'paste',
    (dice, word) => [
      { do: 'paste', text: dice.pick([`${word()} pasted`, `${word()} one\ntwo\nthree\nfour\nfive`]) },
      ...(dice.chance(0.5) ? [wait(200), keys('enter')] : []),
    ],
  ],
  [2, 'held turn', (dice, word) => [...submit(`${word()} HOLD${500 + dice.upTo(2000)}`), wait(dice.upTo(800))]],
  [
    2,
    'queued prompt',
    (_, word) => [...submit(`${word()} HOLD1500`), wait(300), ...submit(`${word()} queued`), wait(200)],
  ],
  [
    2,
    'interrupt',
    (dice, word) => [...submit(`${word()} HOLD3000`), wait(dice.pick([20, 200, 900])), keys('esc'), wait(400)],
  ],
  [2, 'editor', (_, word) => [type(`${word()} to edit`), keys('ctrl-g'), wait(900)]],
  [
    1,
    'editor and queued prompt',
    (_, word) => [
      ...submit(`${word()} HOLD2000`),
      wait(200),
      ...submit(`${word()} queued`),
      keys('ctrl-g'),
      wait(2500),
    ],
  ],
  [
    2,
    'shell mode',
    (dice, word) => [
      keys('!'),
      type(`echo ${word()}`),
      wait(dice.pick([50, 900])),
      dice.pick([keys('enter'), keys('esc'), wait(600)]),
      wait(300),
    ],
  ],
  [
    1,
    'screen that looks like a box',
    (_, word) => [...submit(`${word()} SPOOF`), wait(900), keys('!'), type(`echo ${word()}`), wait(900)],
  ],
  [1, 'note', (dice, word) => [keys('#'), type(` ${word()} note`), wait(200), dice.pick([keys('esc'), wait(500)])]],
  [
    2,
    'file',
    (dice, word) => [
      type(`${word()} see @READ`),
      wait(dice.pick([20, 400])),
      dice.pick([keys('tab'), keys('enter'), keys('esc')]),
      wait(200),
    ],
  ],
  [
    1,
    'slash menu',
    (dice) => [
      keys('/'),
      wait(300),
      keys('down', 'down', 'up'),
      wait(200),
      dice.pick([keys('esc'), keys('backspace'), wait(900)]),
    ],
  ],
  [
    2,
    'agents view',
    (dice) => [
      keys('left'),
      wait(dice.pick([200, 900])),
      dice.pick([keys('right'), keys('esc'), keys('enter'), wait(800)]),
      wait(900),
    ],
  ],
  [
    2,
    'history',
    (dice) => [
      keys('up'),
      wait(150),
      dice.pick([keys('up'), keys('down'), wait(600)]),
      wait(200),
      dice.pick([keys('ctrl-u'), keys('enter'), wait(400)]),
    ],
  ],
  [
    1,
    'history search',
    (dice) => [
      keys('ctrl-r'),
      wait(200),
      type('p'),
      wait(200),
      dice.pick([keys('esc'), keys('enter'), keys('tab')]),
      wait(200),
    ],
  ],
  [
    1,
    'transcript view',
    (dice) => [keys('ctrl-o'), wait(dice.pick([200, 1200])), dice.pick([keys('ctrl-o'), keys('esc')]), wait(200)],
  ],
  [1, 'model', (dice) => [...command(dice, '/model'), wait(900), keys('esc'), wait(200)]],
  [1, 'config', (dice) => [...command(dice, '/config'), wait(900), keys('esc'), wait(200)]],
  [1, 'resume', (dice) => [...command(dice, '/resume'), wait(900), dice.pick([keys('esc'), keys('enter')]), wait(600)]],
  [1, 'clear', (dice) => [...command(dice, '/clear'), wait(400)]],
  [1, 'compact', (dice) => [...command(dice, '/compact'), wait(900)]],
  [1, 'background', (dice) => [...command(dice, '/background'), wait(1500)]],
  [1, 'background shell', (_, word) => [...submit(`${word()} BGSHELL`), wait(900)]],
  [1, 'question', (_, word) => [...submit(`${word()} ASK`), wait(1200), keys('esc'), wait(300)]],
  [
    1,
    'permission',
    (dice, word) => [
      ...submit(`${word()} PERM`),
      wait(1200),
      dice.pick([keys('esc'), keys('enter'), keys('down', 'enter')]),
      wait(400),
    ],
  ],
  [1, 'vim visual', () => [keys('esc'), wait(100), keys('v'), wait(900)]],
  [
    1,
    'vim moves',
    (dice) => [keys('esc'), wait(100), keys(...'hjklbwxu'.split('').filter(() => dice.chance(0.5)), 'i'), wait(200)],
  ],
  [3, 'any keys', (dice) => Array.from({ length: 3 + dice.upTo(8) }, () => keys(dice.pick(ctrlAndAlt)))],
  [1, 'resize', (dice) => [{ do: 'resize', cols: 60 + dice.upTo(90), rows: 18 + dice.upTo(30) }, wait(200)]],
  [1, 'suspend', () => [keys('ctrl-z'), wait(1200)]],
  [
    1,
    'leaves',
    (dice) => [dice.pick([keys('ctrl-d', 'ctrl-d'), keys('ctrl-c', 'ctrl-c'), keys('ctrl-u')]), wait(1500)],
  ],
  [2, 'thinks', (dice) => [wait(500 + dice.upTo(1500))]],
];

/** Every habit's name, for the coverage that a run prints. */
export const habitNames: readonly string[] = habits.map(([, name]) => name);

const totalWeight = habits.reduce((sum, [weight]) => sum + weight, 0);

function pickHabit(dice: Dice): Habit {
  let left = dice.upTo(totalWeight);
  for (const [weight, , habit] of habits) {
    left -= weight;
    if (left < 0) return habit;
  }
  return habits[0]![2];
}

/** The walk of `seed`: about `length` habits. */
export function planWalk(seed: number, length = 7): Walk {
  const dice = new Dice(seed);
  const speed: Speed = dice.pick(['human', 'machine']);
  const editorMode = dice.chance(0.15) ? 'vim' : 'normal';
  let words = 0;
  let messages = 0;
  const word = (): string => `p${++words}q`;
  const send = (): { number: number; from: From; shape: Shape } => ({
    number: ++messages,
    from: dice.chance(0.75) ? 'user' : 'peer',
    shape: dice.chance(0.4) ? 'line' : dice.pick(shapes),
  });
  const steps: Step[] = [];
  for (let count = 0; count < length; count++) {
    const part = pickHabit(dice)(dice, word);
    if (dice.chance(0.5)) interrupt(dice, part, { do: 'send', ...send(), ...(dice.chance(0.15) && { when: 'now' }) });
    steps.push(...part);
    if (dice.chance(0.45)) steps.push(watchStep(dice, send(), editorMode));
    if (dice.chance(0.12)) steps.push(...submit(`${word()} PERM`), watchDialog(send()), keys('esc'), wait(300));
  }
  return {
    seed,
    speed,
    installed: dice.chance(0.5),
    editorMode,
    permissions: dice.chance(0.15) ? 'bypass' : dice.chance(0.3) ? 'auto' : 'default',
    enterIsNewline: dice.chance(0.06),
    cols: 80 + dice.upTo(60),
    rows: 24 + dice.upTo(20),
    steps,
  };
}

function watchStep(dice: Dice, send: { number: number; from: From; shape: Shape }, editorMode: string): Step {
  // in vim's NORMAL mode letters are commands
  if (editorMode === 'vim' || dice.chance(0.5)) return { do: 'watch', ...send };
  return {
    do: 'watch',
    ...send,
    burst: { text: `k${send.number}qxyz`, afterMs: dice.pick([0, 10, 30, 60, 100, 200, 400]) },
  };
}

function watchDialog({ number, from }: { number: number; from: From }): Step {
  return { do: 'watch dialog', number, from };
}

/** Puts `step` at a random place into `part`, also into the middle of a text that is being typed. */
function interrupt(dice: Dice, part: Step[], step: Step): void {
  const at = dice.upTo(part.length + 1);
  const there = part[at];
  if (there?.do === 'type' && there.text.length > 1) {
    const cut = 1 + dice.upTo(there.text.length - 1);
    part.splice(at, 1, type(there.text.slice(0, cut)), step, type(there.text.slice(cut)));
  } else part.splice(at, 0, step);
}
