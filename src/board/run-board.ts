/** `claudex board`: the terminal, ink, the daemon's events, and what is done when a key asks for more than drawing. */
import { render } from 'ink';
import { createElement } from 'react';
import type { DaemonClient } from '../daemon-client/client.ts';
import { userHome } from '../home/paths.ts';
import { systemClock } from '../process/clock.ts';
import { Board } from './board.ts';
import { BoardApp } from './board-app.ts';
import { BoardScreen } from './board-screen.ts';
import type { BoardSession } from './board-session.ts';
import { ConversationEnds } from './conversation-ends.ts';
import type { Effect } from './keys.ts';
import { LiveQuestions } from './live-questions.ts';
import { followPeeked } from './peeker.ts';
import { safeLine } from './safe-text.ts';
import { BoardWorld } from './world.ts';

/** A stop that has no effect (our group is orphaned: no shell would ever continue it) is taken back after this long. */
const stopTakesMs = 200;

/** What the board has done for it, because it is done as other commands do it. */
export interface BoardActions {
  /** The daemon, started where there is none. */
  connect(): Promise<DaemonClient>;
  /** The same for who only looks on: undefined where a person has stopped it. */
  look(): Promise<DaemonClient | undefined>;
  /** Gives that session the terminal until it detaches or ends. @returns what is to be said then */
  attach(session: BoardSession): Promise<{ text: string; isError: boolean }>;
  /** @returns what became of it */
  send(id: string, text: string): Promise<string>;
  /** @returns the id of the new session. @throws ClaudexError */
  start(folder: string): Promise<string>;
  stop(id: string): Promise<void>;
}

export interface RunBoardOptions {
  actions: BoardActions;
  /** Who answers questions here, in words. */
  by: string;
  colours: boolean;
  /** What `n` proposes. */
  folder: string;
}

/** Shows the board until the person leaves it. The terminal is as it was then, also after a signal or a failure. */
export async function runBoard({ actions, by, colours, folder }: RunBoardOptions): Promise<void> {
  const screen = new BoardScreen(process.stdin, process.stdout);
  const questions = new LiveQuestions({ connect: () => actions.connect(), by });
  const world = new BoardWorld({
    connect: () => actions.look(),
    ends: new ConversationEnds(),
    questions,
    home: userHome(),
  });
  const board = new Board({ world, clock: systemClock, size: sizeOf(screen), folder });
  const stopPeeking = followPeeked(
    board,
    async (id) => world.socketOf(id) ?? (await (await actions.connect()).takeViewers(id)),
    { colours },
  );
  let ink: ReturnType<typeof render> | undefined;
  const show = (): void => {
    screen.take();
    ink = render(createElement(BoardApp, { board, colours }), {
      stdout: screen as unknown as NodeJS.WriteStream,
      debug: true, // whole frames, one for each change: the screen writes what differs
      exitOnCtrlC: false,
      patchConsole: false,
    });
    ink.waitUntilExit().catch((error: unknown) => leave(error));
  };
  const hide = (): void => {
    ink?.unmount();
    ink = undefined;
    screen.giveBack();
  };
  let leave: (failure?: unknown) => void = () => undefined;
  const left = new Promise<void>((resolve, reject) => {
    leave = (failure) => (failure === undefined ? resolve() : reject(failure));
  });
  const signals = new Map(endings.map(([signal, code]) => [signal, () => end(code)] as const));
  function end(code: number): void {
    hide();
    process.exit(code);
  }
  const onExit = (): void => screen.giveBack();
  const onResize = (): void => {
    screen.redraw();
    board.resized(sizeOf(screen));
  };
  const showAgain = (): void => {
    board.seenAgain();
    show();
    onResize();
  };
  const onContinue = (): void => {
    clearTimeout(takeBack);
    process.removeListener('SIGCONT', onContinue);
    if (!ink) showAgain();
  };
  let takeBack: NodeJS.Timeout | undefined;
  let cpuBeforeMs = 0;
  board.drawn.add(() => {
    cpuBeforeMs = cpuMs();
  });
  screen.drawn.add(() => board.drawTook(cpuMs() - cpuBeforeMs));
  board.effects.add((effect) => void run(effect));
  process.on('exit', onExit);
  process.stdout.on('resize', onResize);
  for (const [signal, listener] of signals) process.on(signal, listener);
  show();
  const following = world.follow();
  try {
    await left;
  } finally {
    clearTimeout(takeBack);
    hide();
    stopPeeking();
    board.close();
    world.close();
    process.removeListener('exit', onExit);
    process.stdout.removeListener('resize', onResize);
    for (const [signal, listener] of signals) process.removeListener(signal, listener);
    await following;
  }

  async function run(effect: Effect): Promise<void> {
    try {
      await carryOut(effect);
    } catch (error) {
      board.say(safeLine(error instanceof Error ? error.message : String(error)), { isError: true });
    }
  }

  async function carryOut(effect: Effect): Promise<void> {
    switch (effect.kind) {
      case 'quit':
        return leave();
      case 'suspend':
        hide();
        process.once('SIGCONT', onContinue);
        process.kill(0, 'SIGTSTP');
        takeBack = setTimeout(onContinue, stopTakesMs);
        return;
      case 'attach': {
        hide();
        await screen.stopReading();
        const { text, isError } = await actions.attach(effect.session);
        showAgain();
        if (text !== '') board.say(safeLine(text), { isError });
        return;
      }
      case 'send':
        return board.say(safeLine(await actions.send(effect.id, effect.text)));
      case 'start':
        board.say(`Starting in ${effect.folder}…`);
        board.choose(await actions.start(effect.folder));
        return board.say('Started.');
      case 'stop':
        await actions.stop(effect.id);
        return board.say(`${effect.name} ends after its turn.`);
      case 'answer':
        return board.say(safeLine(await questions.answer(effect.questionId, effect.answer)));
    }
  }
}

const endings = [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
  ['SIGQUIT', 131],
] as const;

/** What this process has taken of a core so far: waiting for a busy machine does not count. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function sizeOf({ columns, rows }: BoardScreen): { cols: number; rows: number } {
  return { cols: columns, rows };
}
