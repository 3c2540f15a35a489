/** A terminal that only counts: no screen is drawn, so that what is measured is the relay and not us. */
import { createRequire } from 'node:module';
import { PtyWriter } from '../src/terminal/pty/pty-writer.ts';
import { registerProcess, registerResource } from '../test/support/resources.ts';

interface NodePty {
  spawn(file: string, args: string[], options: object): NodePtyProcess;
}

interface NodePtyProcess {
  pid: number;
  fd: number;
  onData(listener: (bytes: Buffer) => void): void;
  onExit(listener: () => void): void;
  kill(signal: string): void;
}

export interface RelayTerminal {
  readonly pid: number;
  readonly exited: Promise<void>;
  write(text: string): void;
  /** Resolves with the time at which `text` came, looked for from the call on. */
  waitFor(text: string): Promise<number>;
  kill(signal?: NodeJS.Signals): void;
}

export function openRelayTerminal(
  file: string,
  args: readonly string[],
  options: { cwd: string; env: Record<string, string> },
): RelayTerminal {
  const nodePty = createRequire(import.meta.url)('node-pty') as NodePty;
  const pty = nodePty.spawn(file, [...args], {
    ...options,
    name: options.env.TERM,
    cols: 120,
    rows: 40,
    encoding: null,
  });
  registerProcess(pty.pid, `${file} ${args.join(' ')}`);
  const writer = new PtyWriter(pty.fd, () => undefined);
  let awaited: { text: Buffer; tail: Buffer; found: (at: number) => void } | undefined;
  pty.onData((bytes) => {
    if (!awaited) return;
    const all = awaited.tail.length > 0 ? Buffer.concat([awaited.tail, bytes]) : bytes;
    if (all.includes(awaited.text)) {
      const { found } = awaited;
      awaited = undefined;
      found(performance.now());
    } else {
      awaited.tail = all.subarray(Math.max(0, all.length - awaited.text.length + 1));
    }
  });
  let running = true;
  const exited = new Promise<void>((resolve) =>
    pty.onExit(() => {
      running = false;
      writer.close();
      resolve();
    }),
  );
  const kill = (signal: NodeJS.Signals = 'SIGHUP'): void => {
    if (running) process.kill(pty.pid, signal);
  };
  registerResource({ label: file, dispose: () => kill('SIGKILL') });
  return {
    pid: pty.pid,
    exited,
    write: (text) => void writer.write(Buffer.from(text)),
    waitFor: (text) =>
      new Promise((found, failed) => {
        const timer = setTimeout(() => failed(new Error(`${file} ${args.join(' ')}: no ${text} within 60 s`)), 60_000);
        awaited = {
          text: Buffer.from(text),
          tail: Buffer.alloc(0),
          found: (at) => {
            clearTimeout(timer);
            found(at);
          },
        };
      }),
    kill,
  };
}
