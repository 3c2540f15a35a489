/**
 * The person's terminal as a viewer of a host: draws what it sends, sends what is typed, and leaves the terminal as it was
 * found, however it ends.
 */
import { ClaudexError } from '../errors/claudex-error.ts';
import { ancestry } from '../process/identity.ts';
import { type FrameSize, frame, frameKinds, type HostBye, type HostWelcome, jsonFrame } from '../protocol/frames.ts';
import { LocalTty } from '../terminal/local-tty.ts';
import { loadTtyCalls } from '../terminal/tty-calls.ts';
import { findDetachKey } from './detach-key.ts';
import { connectHost, onFrames } from './host-connection.ts';
import { View } from './view.ts';

const ctrlZ = 0x1a;

export interface AttachOptions {
  socketPath: string;
  readOnly: boolean;
  /** Control code of the key that detaches. */
  detachCode: number;
}

/** `lost`: the host is gone without a word. */
export type AttachEnd = HostBye | { reason: 'lost'; exit: null };

/**
 * Shows the session in our terminal until it ends, somebody detaches, or a signal ends us.
 * @throws ClaudexError HOST_UNREACHABLE, ATTACH_INSIDE; the terminal is as it was then
 */
export async function attach(options: AttachOptions): Promise<AttachEnd> {
  const tty = new LocalTty(loadTtyCalls());
  const sizeOfTty = (): FrameSize => {
    const { cols, rows } = tty.size();
    return { cols, rows };
  };
  const { readOnly } = options;
  const socket = await connectHost(options.socketPath, { kind: 'terminal', readOnly, size: sizeOfTty() });
  const view = new View({
    sizeOfTty,
    write: (bytes) => {
      tty.modes.output(bytes);
      return tty.write(bytes);
    },
    hold: (isHeld) => {
      if (isHeld) socket.pause();
      else socket.resume();
    },
  });
  tty.writable.add(() => view.writable());
  /** Gives the terminal back to the shell; claude does not notice. */
  const suspend = (): void => {
    tty.pauseInput();
    tty.undoModes(true);
    void tty.flushed().then(() => {
      tty.leaveRawMode();
      process.kill(0, 'SIGTSTP');
    });
  };
  const result = new Promise<AttachEnd>((resolve, reject) => {
    onFrames(socket, (one) => {
      const { kind, payload } = one;
      switch (kind) {
        case frameKinds.welcome: {
          const welcome = JSON.parse(payload.toString()) as HostWelcome;
          if ([...ancestry(process.pid)].includes(welcome.pid)) {
            reject(new ClaudexError('ATTACH_INSIDE'));
            return;
          }
          tty.enterRawMode();
          // what the shell has on the screen goes up, out of the way
          tty.write(Buffer.from('\n'.repeat(Math.max(1, tty.size().rows))));
          view.sizeIs(welcome.size);
          return;
        }
        case frameKinds.ping:
          socket.write(frame(frameKinds.pong));
          return;
        case frameKinds.bye:
          resolve(JSON.parse(payload.toString()) as HostBye);
          return;
        default:
          view.take(one);
      }
    });
    socket.once('close', () => resolve({ reason: 'lost', exit: null }));
    tty.gone.add(() => resolve({ reason: 'detached', exit: null }));
    tty.input.add((bytes) => {
      const key = findDetachKey(bytes, options.detachCode);
      const keys = key ? bytes.subarray(0, key.at) : bytes;
      const stop = findDetachKey(keys, ctrlZ);
      const typed = stop ? keys.subarray(0, stop.at) : keys;
      if (typed.length > 0) socket.write(frame(frameKinds.input, typed));
      if (key) resolve({ reason: 'detached', exit: null });
      else if (stop) suspend();
    });
  });
  const onResize = (): void => {
    socket.write(jsonFrame(frameKinds.resize, sizeOfTty()));
    view.resized();
  };
  const onEnd = (): void => {
    socket.destroy();
  };
  const onContinue = (): void => {
    tty.enterRawMode();
    tty.resumeInput();
    onResize();
  };
  const endings = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'] as const;
  process.on('SIGWINCH', onResize).on('SIGCONT', onContinue);
  for (const signal of endings) process.on(signal, onEnd);
  tty.resumeInput();
  try {
    return await result;
  } finally {
    socket.destroy();
    tty.pauseInput();
    view.close();
    process.removeListener('SIGWINCH', onResize).removeListener('SIGCONT', onContinue);
    for (const signal of endings) process.removeListener(signal, onEnd);
    tty.undoModes(true);
    tty.write(Buffer.from(`\x1b[${Math.max(1, tty.size().rows)};1H\r\n`));
    await tty.flushed();
    tty.leaveRawMode();
  }
}
