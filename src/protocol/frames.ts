/**
 * What crosses the socket between a host and its viewers: frames of a length (4 bytes, big-endian), a kind (1 byte) and a
 * payload, which is bytes of a terminal or JSON.
 */
import { ClaudexError } from '../errors/claudex-error.ts';

/** Kinds of frames. Below 16 a viewer's, the others a host's. */
export const frameKinds = {
  hello: 1,
  input: 2,
  resize: 3,
  pong: 4,
  screen: 5,
  detachAll: 6,
  end: 7,
  welcome: 16,
  /** Draws the whole screen, whatever the viewer shows; what follows goes on from there. */
  snapshot: 17,
  output: 18,
  size: 19,
  ping: 20,
  screenText: 21,
  bye: 22,
} as const;

export type FrameKind = (typeof frameKinds)[keyof typeof frameKinds];

/** A size in cells. */
export interface FrameSize {
  cols: number;
  rows: number;
}

/** First frame of a viewer. A `screen` viewer only asks for text: it counts as nobody. */
export interface ViewerHello {
  protocol: number;
  kind: 'terminal' | 'screen';
  readOnly: boolean;
  size: FrameSize;
  /** Pids of the viewer and of the processes it was started by: a session is not shown inside itself. */
  ancestry?: number[];
  /** False: what is above the screen is not sent. An older host sends it all the same. */
  scrollback?: boolean;
}

export interface HostWelcome {
  protocol: number;
  id: string;
  cwd: string;
  /** Pid of claude. */
  pid: number;
  size: FrameSize;
}

export interface ScreenRequest {
  lines?: number;
  ansi: boolean;
}

/** Why a viewer is let go: told to, by somebody; claude has ended; another host has it from now on; it runs inside the session itself. */
export interface HostBye {
  reason: 'detached' | 'ended' | 'moved' | 'inside';
  exit: { code: number | null; signal: number | null } | null;
}

/** How claude has ended, as viewers are told. `signal` is 0 where none ended it. */
export function endedBye({ code, signal, isUnknown }: { code: number; signal: number; isUnknown?: boolean }): HostBye {
  if (isUnknown) return { reason: 'ended', exit: null };
  return { reason: 'ended', exit: signal === 0 ? { code, signal: null } : { code: null, signal } };
}

export const framesProtocol = 1;

/** What `GET /v1/managed/:id/attach` upgrades to. */
export const framesUpgrade = 'claudex-frames';

const headerBytes = 5;

export interface Frame {
  kind: number;
  payload: Buffer;
}

export function frame(kind: FrameKind, payload: Buffer | string = ''): Buffer {
  const body = Buffer.from(payload);
  const out = Buffer.allocUnsafe(headerBytes + body.length);
  out.writeUInt32BE(body.length, 0);
  out[4] = kind;
  body.copy(out, headerBytes);
  return out;
}

export function jsonFrame(kind: FrameKind, value: unknown): Buffer {
  return frame(kind, JSON.stringify(value));
}

/** Collects frames from a stream. A frame larger than `maxBytes` is nobody's of ours. */
export class FrameReader {
  readonly #maxBytes: number;
  #parts: Buffer[] = [];
  #length = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The frames that `chunk` completes. @throws ClaudexError BODY_TOO_LARGE */
  take(chunk: Buffer): Frame[] {
    this.#parts.push(chunk);
    this.#length += chunk.length;
    const frames: Frame[] = [];
    while (this.#length >= headerBytes) {
      let bytes = this.#joined();
      const length = bytes.readUInt32BE(0);
      if (length > this.#maxBytes) throw new ClaudexError('BODY_TOO_LARGE', `A frame of ${length} bytes.`);
      if (bytes.length < headerBytes + length) break;
      frames.push({ kind: bytes[4]!, payload: bytes.subarray(headerBytes, headerBytes + length) });
      bytes = bytes.subarray(headerBytes + length);
      this.#parts = bytes.length > 0 ? [bytes] : [];
      this.#length = bytes.length;
    }
    return frames;
  }

  /** Joins the parts only when a whole frame may be there: a large one must not be copied at each of its pieces. */
  #joined(): Buffer {
    if (this.#parts.length > 1) {
      const head = this.#parts[0]!;
      if (head.length >= headerBytes && this.#length < headerBytes + head.readUInt32BE(0)) return head;
      this.#parts = [Buffer.concat(this.#parts)];
    }
    return this.#parts[0]!;
  }
}
