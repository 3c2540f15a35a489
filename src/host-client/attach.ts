/**
 * The person's terminal as a viewer of a host: draws what it sends, sends what is typed, and leaves the terminal as it was
 * found, however it ends. Wiring; what is drawn is view.ts's, which keys are ours detach-key.ts's.
 */
import type { Duplex } from 'node:stream';
import { ClaudexError } from '../errors/claudex-error.ts';
import { ancestry } from '../process/identity.ts';
import {
  type Frame,
  type FrameSize,
  frame,
  frameKinds,
  type HostBye,
  type HostWelcome,
  jsonFrame,
  type ViewerHello,
} from '../protocol/frames.ts';
import { LocalTty } from '../terminal/local-tty.ts';
import { loadTtyCalls } from '../terminal/tty-calls.ts';
import { ViewerKeys } from './detach-key.ts';
import { connectHost, onFrames } from './host-connection.ts';
import { View } from './view.ts';

/** The beginning of a key is claude's when nothing has followed for so long: Esc by itself. */
const keyEndsMs = 20;
/** A stop that has no effect (our own group is orphaned: nobody would ever continue us) is taken back after this long. */
const stopTakesMs = 200;
/** A host that does not read does not keep us. */
const goodbyeTakesMs = 500;
const signOfLifeMs = 5000;

export interface AttachOptions {
  socketPath: string;
  readOnly: boolean;
  /** Control code of the key that detaches. */
  detachCode: number;
  /** Instead of the socket's path: what speaks in frames, of a host that is elsewhere. */
  connect?: (hello: Omit<ViewerHello, 'protocol'>) => Promise<Duplex>;
}

/** `lost`: the host is gone without a word. */
export type AttachEnd = HostBye | { reason: 'lost'; exit: null };

/**
 * Shows the session in our terminal until it ends, somebody detaches, or a signal ends us.
 * @throws ClaudexError HOST_UNREACHABLE, ATTACH_INSIDE; the terminal is as it was then
 */
export async function attach(options: AttachOptions): Promise<AttachEnd> {
  const attached = new AttachedTerminal(options);
  try {
    await attached.connect();
    return await attached.ended;
  } finally {
    await attached.restore();
  }
}

class AttachedTerminal {
  readonly ended: Promise<AttachEnd>;
  readonly #options: AttachOptions;
  readonly #tty = new LocalTty(loadTtyCalls());
  readonly #keys: ViewerKeys;
  #end: (end: AttachEnd) => void = () => undefined;
  #fail: (error: ClaudexError) => void = () => undefined;
  #socket: Duplex | undefined;
  #view: View | undefined;
  /** The terminal is ours: raw, and drawn on. */
  #hasTerminal = false;
  #isSuspended = false;
  #hasHeardBye = false;
  #takeBack: NodeJS.Timeout | undefined;
  #keyEnds: NodeJS.Timeout | undefined;
  #signsOfLife: NodeJS.Timeout | undefined;

  constructor(options: AttachOptions) {
    this.#options = options;
    this.#keys = new ViewerKeys(options.detachCode);
    this.ended = new Promise((resolve, reject) => {
      this.#end = resolve;
      this.#fail = reject;
    });
    this.ended.catch(() => undefined); // whoever waits for it hears
    this.#tty.gone.add(() => this.#end({ reason: 'detached', exit: null }));
    this.#tty.writable.add(() => this.#view?.writable());
    this.#tty.input.add((bytes) => this.#typed(bytes));
    process.on('SIGWINCH', this.#onResize).on('SIGCONT', this.#onContinue);
    for (const signal of endings) process.on(signal, this.#onEnd);
  }

  /** @throws ClaudexError HOST_UNREACHABLE */
  async connect(): Promise<void> {
    const { socketPath, readOnly, connect } = this.#options;
    const hello: Omit<ViewerHello, 'protocol'> = {
      kind: 'terminal',
      readOnly,
      size: this.#size(),
      ancestry: [...ancestry(process.pid)],
    };
    const socket = await (connect ? connect(hello) : connectHost(socketPath, hello));
    this.#socket = socket;
    this.#view = new View({
      sizeOfTty: () => this.#size(),
      write: (bytes) => {
        this.#tty.modes.output(bytes);
        return this.#tty.write(bytes);
      },
      hold: (isHeld) => this.#hold(socket, isHeld),
    });
    onFrames(socket, (one) => this.#take(one));
    socket.once('close', () => {
      if (socket === this.#socket && !this.#hasHeardBye) this.#end({ reason: 'lost', exit: null });
    });
    this.#tty.resumeInput();
  }

  /** The terminal as it was found; it stays as it is where nothing was drawn yet. */
  async restore(): Promise<void> {
    const sent = this.#disconnect();
    clearTimeout(this.#takeBack);
    process.removeListener('SIGWINCH', this.#onResize).removeListener('SIGCONT', this.#onContinue);
    for (const signal of endings) process.removeListener(signal, this.#onEnd);
    await this.#giveTerminal();
    await sent;
  }

  #take(one: Frame): void {
    const { kind, payload } = one;
    switch (kind) {
      case frameKinds.welcome:
        this.#takeTerminal();
        this.#view?.sizeIs((JSON.parse(payload.toString()) as HostWelcome).size);
        return;
      case frameKinds.ping:
        this.#socket?.write(frame(frameKinds.pong));
        return;
      case frameKinds.bye: {
        const bye = JSON.parse(payload.toString()) as HostBye;
        this.#hasHeardBye = true;
        if (bye.reason === 'inside') this.#fail(new ClaudexError('ATTACH_INSIDE'));
        else this.#view?.whenShown(() => this.#end(bye));
        return;
      }
      default:
        this.#view?.take(one);
    }
  }

  #typed(bytes: Buffer): void {
    clearTimeout(this.#keyEnds);
    for (const key of this.#keys.take(bytes)) {
      if (key === 'detach') this.#end({ reason: 'detached', exit: null });
      else if (key === 'suspend') void this.#suspend();
      else this.#send(key);
      if (key === 'detach') return;
    }
    if (this.#keys.isHolding) this.#keyEnds = setTimeout(() => this.#send(this.#keys.flush()), keyEndsMs);
  }

  #send(keys: Buffer): void {
    if (!this.#isSuspended) this.#socket?.write(frame(frameKinds.input, keys));
  }

  /** While the terminal takes nothing we read nothing, a ping neither: we say by ourselves that we live. */
  #hold(socket: Duplex, isHeld: boolean): void {
    clearInterval(this.#signsOfLife);
    if (isHeld) {
      socket.pause();
      this.#signsOfLife = setInterval(() => socket.write(frame(frameKinds.pong)), signOfLifeMs);
    } else socket.resume();
  }

  /** Gives the terminal back to the shell, as no viewer; claude does not notice. */
  async #suspend(): Promise<void> {
    if (this.#isSuspended) return;
    this.#isSuspended = true;
    const sent = this.#disconnect();
    await this.#giveTerminal();
    await sent;
    process.kill(0, 'SIGTSTP');
    this.#takeBack = setTimeout(() => this.#onContinue(), stopTakesMs);
  }

  #takeTerminal(): void {
    this.#tty.enterRawMode();
    // what the shell has on the screen goes up, out of the way
    this.#tty.write(Buffer.from('\n'.repeat(Math.max(1, this.#tty.size().rows))));
    this.#hasTerminal = true;
  }

  async #giveTerminal(): Promise<void> {
    this.#tty.pauseInput();
    if (!this.#hasTerminal) return;
    this.#hasTerminal = false;
    this.#tty.undoModes(true);
    // a link that claude has begun would go on in the shell
    this.#tty.write(Buffer.from(`\x1b]8;;\x1b\\\x1b[${Math.max(1, this.#tty.size().rows)};1H\r\n`));
    await this.#tty.flushed();
    this.#tty.leaveRawMode();
  }

  /** Resolves when the host has what was typed before, or does not take it. */
  #disconnect(): Promise<void> {
    const socket = this.#socket;
    this.#socket = undefined;
    this.#view?.close();
    this.#view = undefined;
    clearTimeout(this.#keyEnds);
    clearInterval(this.#signsOfLife);
    // the host has closed it while the last of its output was being shown
    if (!socket || socket.closed) return Promise.resolve();
    return new Promise((resolve) => {
      setTimeout(() => socket.destroy(), goodbyeTakesMs).unref();
      socket.once('close', () => resolve());
      socket.end(() => socket.destroy());
    });
  }

  #size(): FrameSize {
    const { cols, rows } = this.#tty.size();
    return { cols, rows };
  }

  readonly #onResize = (): void => {
    this.#socket?.write(jsonFrame(frameKinds.resize, this.#size()));
    this.#view?.resized();
  };

  readonly #onContinue = (): void => {
    clearTimeout(this.#takeBack);
    if (this.#isSuspended) {
      this.#isSuspended = false;
      this.connect().catch(() => this.#end({ reason: 'lost', exit: null }));
    } else if (this.#hasTerminal) {
      // stopped by somebody else: the shell has had the terminal meanwhile, and the host draws it anew
      this.#tty.enterRawMode();
      this.#tty.resumeInput();
      this.#onResize();
    }
  };

  readonly #onEnd = (): void => this.#end({ reason: 'detached', exit: null });
}

const endings = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'] as const;
