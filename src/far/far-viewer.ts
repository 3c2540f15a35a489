/** A viewer of a session on another machine: its terminal's WebSocket as the frames that a host speaks. */
import { Duplex } from 'node:stream';
import type { WebSocket } from 'undici';
import { ClaudexError } from '../errors/claudex-error.ts';
import {
  type FrameKind,
  FrameReader,
  type FrameSize,
  frame,
  frameKinds,
  framesProtocol,
  jsonFrame,
  type ViewerHello,
} from '../protocol/frames.ts';
import type { FarApi } from './far-api.ts';

/** What is typed or pasted at once. */
const maxFrameBytes = 16 * 1024 * 1024;
/** The server takes no larger message. */
const maxMessageBytes = 512 * 1024;
/** With more than this waiting for the terminal it is not read any more, but asked for a fresh screen when the terminal has caught up. */
const behindBytes = 2 * 1024 * 1024;
/** A line that is dead says nothing: so often somebody asks at the other end. */
const askEveryMs = 15_000;

type Hello = Omit<ViewerHello, 'protocol'>;

/** Resolves when the terminal is open. @throws ClaudexError those of the terminal's route, and of FarApi.ask */
export async function farViewer(api: FarApi, id: string, hello: Hello): Promise<Duplex> {
  const path = `/sessions/${encodeURIComponent(id)}`;
  const viewer = new FarViewer(api, `${path}/terminal`, hello);
  try {
    await viewer.open();
  } catch {
    viewer.destroy();
    throw await whyNot(api, path, hello);
  }
  return viewer;
}

/** A handshake that is refused does not tell why; the other routes do. */
async function whyNot(api: FarApi, path: string, { readOnly }: Hello): Promise<unknown> {
  const needed = readOnly ? 'view' : 'terminal';
  try {
    const { device } = await api.ask<{ device: { name: string; scopes: string[] } }>('GET', '/me');
    if (!device.scopes.includes(needed)) {
      return new ClaudexError('SCOPE_MISSING', `"${device.name}" does not have the scope ${needed}.`);
    }
    if (device.scopes.includes('view')) await api.ask('GET', `${path}/screen`);
  } catch (error) {
    return error;
  }
  return new ClaudexError('HOST_UNREACHABLE', 'Its terminal cannot be opened.');
}

class FarViewer extends Duplex {
  readonly #api: FarApi;
  readonly #path: string;
  readonly #readOnly: boolean;
  #size: FrameSize;
  #socket: WebSocket | undefined;
  #isWelcomed = false;
  #isSnapshotNext = false;
  #isBehind = false;
  /** What is above the screen has been sent, or as much of it as the terminal had room for: it is not to come twice. */
  #hasScrollback = false;
  readonly #typed = new FrameReader(maxFrameBytes);
  #asking: NodeJS.Timeout | undefined;

  constructor(api: FarApi, path: string, { readOnly, size }: Hello) {
    super();
    this.#api = api;
    this.#path = path;
    this.#readOnly = readOnly;
    this.#size = size;
  }

  /** @throws when the server does not let us in */
  open(): Promise<void> {
    const { cols, rows } = this.#size;
    const query = `?cols=${Math.min(cols, 1000)}&rows=${Math.min(rows, 1000)}${this.#readOnly ? '&readonly=1' : ''}${this.#hasScrollback ? '&scrollback=0' : ''}`;
    const socket = this.#api.socket(`${this.#path}${query}`);
    this.#socket = socket;
    socket.binaryType = 'arraybuffer';
    socket.addEventListener('message', ({ data }) => {
      if (socket === this.#socket) this.#heard(data as string | ArrayBuffer);
    });
    return new Promise((resolve, reject) => {
      socket.addEventListener('open', () => {
        clearInterval(this.#asking);
        this.#asking = setInterval(() => this.#lookAfter(socket), askEveryMs);
        resolve();
      });
      // without a word of goodbye: the viewer sees that the line is lost
      socket.addEventListener('close', () => {
        if (socket === this.#socket) this.destroy();
        reject(new Error('closed'));
      });
      socket.addEventListener('error', () => reject(new Error('refused'))); // `close` follows
    });
  }

  override _read(): void {
    // asked for once and not again before something was shown
    if (!this.#isBehind) return;
    this.#isBehind = false;
    this.open().catch(() => this.destroy());
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    for (const { kind, payload } of this.#typed.take(chunk)) this.#say(kind as FrameKind, payload);
    done();
  }

  override _final(done: () => void): void {
    this.#socket?.close();
    done();
  }

  override _destroy(_error: Error | null, done: () => void): void {
    clearInterval(this.#asking);
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close();
    done();
  }

  #say(kind: FrameKind, payload: Buffer): void {
    if (kind === frameKinds.resize) this.#size = JSON.parse(payload.toString()) as FrameSize;
    const socket = this.#socket;
    if (socket?.readyState !== 1) return;
    if (kind === frameKinds.resize) socket.send(JSON.stringify({ type: 'resize', ...this.#size }));
    else if (kind === frameKinds.input) {
      for (let at = 0; at < payload.length; at += maxMessageBytes) {
        socket.send(Uint8Array.from(payload.subarray(at, at + maxMessageBytes)));
      }
    }
  }

  #heard(data: string | ArrayBuffer): void {
    if (typeof data !== 'string') {
      const kind = this.#isSnapshotNext ? frameKinds.snapshot : frameKinds.output;
      this.#isSnapshotNext = false;
      this.#show(frame(kind, Buffer.from(data)));
      return;
    }
    const { type, ...rest } = JSON.parse(data) as { type: string } & FrameSize;
    if (type === 'snapshot') this.#isSnapshotNext = true;
    else if (type === 'bye') this.#show(jsonFrame(frameKinds.bye, rest));
    else if (type === 'size' && this.#isWelcomed) this.#show(jsonFrame(frameKinds.size, rest));
    else if (type === 'size') {
      this.#isWelcomed = true;
      const welcome = { protocol: framesProtocol, id: '', cwd: '', pid: 0, size: rest };
      this.#show(jsonFrame(frameKinds.welcome, welcome));
    }
  }

  #show(bytes: Buffer): void {
    if (this.push(bytes) || this.readableLength < behindBytes) return;
    this.#isBehind = true;
    this.#hasScrollback = true;
    const socket = this.#socket;
    this.#socket = undefined;
    clearInterval(this.#asking);
    socket?.close();
  }

  #lookAfter(socket: WebSocket): void {
    this.#api.ask('GET', '/me').catch(() => {
      if (socket === this.#socket) this.destroy();
    });
  }
}
