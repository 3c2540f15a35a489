/** A hook's request whose answer is held back until there is something to say: hooks that wait to wake a session, and to be answered. */
import type { ServerResponse } from 'node:http';

export interface HeldHook {
  /** The hook prints this and ends. Nothing happens when it has gone. */
  answer(text: string): void;
  /** The hook ends without a word. */
  dismiss(): void;
}

/** `gone` is called once when the hook's process has hung up before it was answered or dismissed. */
export function heldHook(response: ServerResponse, gone: () => void): HeldHook {
  let isOver = false;
  const end = (status: number, text = ''): void => {
    if (isOver) return;
    isOver = true;
    response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(text);
  };
  response.once('close', () => {
    if (isOver) return;
    isOver = true;
    gone();
  });
  return { answer: (text) => end(200, text), dismiss: () => end(204) };
}
