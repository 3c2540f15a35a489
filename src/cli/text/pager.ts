/** Long text for people goes through their pager, as git's does; for programs it goes straight out. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Writable } from 'node:stream';

/** Small systems have no less: then there is no paging. */
const defaultPager = 'if command -v less >/dev/null; then exec less; else exec cat; fi';

export interface PagedOutput {
  /** Waits while the reader is behind. @returns false once nobody reads any more */
  write(text: string): Promise<boolean>;
  /** Resolves when the reader has seen it. */
  end(): Promise<void>;
}

/** `$PAGER`, else less; none on a pipe, with an empty PAGER, or when not `wanted`. */
export function openOutput(wanted: boolean, env: NodeJS.ProcessEnv = process.env): PagedOutput {
  const pager = env.PAGER ?? defaultPager;
  if (!wanted || !process.stdout.isTTY || pager === '' || pager === 'cat') return plainOutput();
  // our text is UTF-8 whatever the locale; F: a text that fits the screen needs no pager; R: colours; X: the text stays on the screen afterwards
  const child = spawn('/bin/sh', ['-c', pager], {
    stdio: ['pipe', 'inherit', 'inherit'],
    env: { LESS: 'FRX', LESSCHARSET: 'utf-8', ...env },
  });
  // Ctrl-C is the pager's
  const ignore = (): void => undefined;
  process.on('SIGINT', ignore);
  child.stdin.on('error', () => undefined); // it was left before the end
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  return {
    write: (text) => writeTo(child.stdin, text, closed),
    end: async () => {
      child.stdin.end();
      await closed;
      process.off('SIGINT', ignore);
    },
  };
}

function plainOutput(): PagedOutput {
  const never = new Promise<void>(() => undefined);
  return { write: (text) => writeTo(process.stdout, text, never), end: async () => undefined };
}

async function writeTo(stream: Writable, text: string, closed: Promise<void>): Promise<boolean> {
  if (stream.destroyed || stream.writableEnded) return false;
  if (!stream.write(text)) await Promise.race([once(stream, 'drain').catch(() => undefined), closed]);
  return !stream.destroyed;
}
