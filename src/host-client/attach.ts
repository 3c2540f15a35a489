/**
 * The person's terminal as a viewer of a host: draws what it sends, sends what is typed, and leaves the terminal as it was
 * found, however it ends.
 */
import type { Socket } from 'node:net';
import { ClaudexError } from '../errors/claudex-error.ts';
import { ancestry } from '../process/identity.ts';
import { type FrameSize, frame, frameKinds, type HostBye, type HostWelcome, jsonFrame } from '../protocol/frames.ts';
import { LocalTty } from '../terminal/local-tty.ts';
import type { ScreenMirror } from '../terminal/screen-mirror.ts';
import { loadTtyCalls } from '../terminal/tty-calls.ts';
import { findDetachKey } from './detach-key.ts';
import { connectHost, onFrames } from './host-connection.ts';

const ctrlZ = 0x1a;
/** A picture of another size is drawn at most this often. */
const drawEveryMs = 33;

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
  const view = new View(tty, socket, sizeOfTty);
  const result = new Promise<AttachEnd>((resolve, reject) => {
    onFrames(socket, ({ kind, payload }) => {
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
        case frameKinds.size:
          view.sizeIs(JSON.parse(payload.toString()));
          return;
        case frameKinds.snapshot:
          view.snapshot(payload);
          return;
        case frameKinds.output:
          view.output(payload);
          return;
        case frameKinds.ping:
          socket.write(frame(frameKinds.pong));
          return;
        case frameKinds.bye:
          resolve(JSON.parse(payload.toString()) as HostBye);
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
      else if (stop) view.suspend();
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

/** What the terminal shows: the host's bytes where both have one size, else as much of a model of its screen as fits. */
class View {
  readonly #tty: LocalTty;
  readonly #socket: Socket;
  readonly #sizeOfTty: () => FrameSize;
  #hostSize: FrameSize = { cols: 0, rows: 0 };
  #mirror: ScreenMirror | undefined;
  #drawSoon: NodeJS.Timeout | undefined;

  constructor(tty: LocalTty, socket: Socket, sizeOfTty: () => FrameSize) {
    this.#tty = tty;
    this.#socket = socket;
    this.#sizeOfTty = sizeOfTty;
    tty.writable.add(() => {
      socket.resume();
    });
  }

  sizeIs(size: FrameSize): void {
    this.#hostSize = size;
    this.#mirror?.resize(size);
  }

  resized(): void {
    if (this.#mirror) this.#draw();
  }

  snapshot(bytes: Buffer): void {
    const { cols, rows } = this.#sizeOfTty();
    if (cols === this.#hostSize.cols && rows === this.#hostSize.rows) {
      this.#mirror?.dispose();
      this.#mirror = undefined;
      this.#show(bytes);
      return;
    }
    void this.#model().then((mirror) => {
      mirror.write(bytes);
      this.#draw();
    });
  }

  output(bytes: Buffer): void {
    if (!this.#mirror) {
      this.#show(bytes);
      return;
    }
    this.#mirror.write(bytes);
    this.#drawSoon ??= setTimeout(() => this.#draw(), drawEveryMs);
  }

  /** Gives the terminal back to the shell; claude does not notice. */
  suspend(): void {
    this.#tty.pauseInput();
    this.#tty.undoModes(true);
    void this.#tty.flushed().then(() => {
      this.#tty.leaveRawMode();
      process.kill(0, 'SIGTSTP');
    });
  }

  close(): void {
    clearTimeout(this.#drawSoon);
    this.#mirror?.dispose();
    this.#mirror = undefined;
  }

  async #model(): Promise<ScreenMirror> {
    if (this.#mirror) return this.#mirror;
    const { ScreenMirror: Mirror } = await import('../terminal/screen-mirror.ts');
    this.#mirror ??= new Mirror({ size: this.#hostSize, onAnswer: () => undefined });
    return this.#mirror;
  }

  #draw(): void {
    clearTimeout(this.#drawSoon);
    this.#drawSoon = undefined;
    const mirror = this.#mirror;
    mirror?.whenSettled(() => {
      if (mirror === this.#mirror) this.#show(Buffer.from(mirror.window(this.#sizeOfTty())));
    });
  }

  #show(bytes: Buffer): void {
    this.#tty.modes.output(bytes);
    if (!this.#tty.write(bytes)) this.#socket.pause();
  }
}
