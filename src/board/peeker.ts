/** Reads the screen of the session that the person peeks at, again and again, for as long as they do. */
import { readScreen } from '../host-client/host-connection.ts';
import type { Board } from './board.ts';
import { screenLines } from './screen-lines.ts';

const everyMs = 500;

/** Follows what is peeked at. @returns what ends it */
export function followPeeked(
  board: Board,
  socketOf: (id: string) => Promise<string>,
  { colours }: { colours: boolean },
): () => void {
  let timer: NodeJS.Timeout | undefined;
  let isReading = false;
  let shown: string | undefined;
  let isClosed = false;
  let found: { id: string; socket: string } | undefined;
  const readScreenOf = async (id: string): Promise<string> => {
    try {
      if (found?.id !== id) found = { id, socket: await socketOf(id) };
      return await readScreen(found.socket, { ansi: colours });
    } catch (error) {
      found = undefined;
      throw error;
    }
  };
  const look = async (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    const id = board.peekedId;
    if (id === undefined || isReading || isClosed) return;
    isReading = true;
    // it has just ended, or does not show itself: the conversation stands there instead
    const text = await readScreenOf(id).catch(() => undefined);
    isReading = false;
    if (isClosed) return;
    const key = `${id} ${text}`;
    if (board.peekedId === id && key !== shown) {
      shown = key;
      board.screenIs(text === undefined ? undefined : screenLines(text, { colours }));
    }
    timer = setTimeout(() => void look(), everyMs);
  };
  let before: string | undefined;
  board.drawn.add(() => {
    const id = board.peekedId;
    if (id === before) return;
    before = id;
    shown = undefined;
    if (id !== undefined) void look();
  });
  return () => {
    isClosed = true;
    clearTimeout(timer);
  };
}
