/**
 * A session's terminal for a browser: binary frames are the terminal's bytes both ways, text frames are JSON. The socket is one more
 * viewer of the session's host, which decides the size and draws the screen anew for whoever has fallen behind.
 */
import type { Socket } from 'node:net';
import { z } from '@hono/zod-openapi';
import type { RawData, WebSocket } from 'ws';
import { ClaudexError } from '../../errors/claudex-error.ts';
import { connectHost, onFrames } from '../../host-client/host-connection.ts';
import { findTarget } from '../../protocol/find-target.ts';
import {
  type Frame,
  type FrameSize,
  frame,
  frameKinds,
  type HostBye,
  type HostWelcome,
  jsonFrame,
} from '../../protocol/frames.ts';
import type { Device } from '../devices.ts';
import { saidOf } from '../schemas.ts';
import { viewerSocket } from '../viewer-socket.ts';
import type { WebParts } from '../web-routes.ts';
import type { OpenStream, TypedStreams } from './typed-streams.ts';

/** With more than this on its way to the browser, the host is not read; when it has fallen to the other, it is again. */
const highWaterBytes = 256 * 1024;
const lowWaterBytes = 32 * 1024;

const cells = z.number().int().min(1).max(1000);
const word = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('resize'), cols: cells, rows: cells }),
  z.strictObject({ type: z.literal('focus'), focused: z.boolean().optional() }),
  z.strictObject({ type: z.literal('mode'), readonly: z.boolean() }),
]);

export interface TerminalRequest {
  parts: WebParts;
  target: string;
  url: URL;
  isReadOnly: boolean;
  device: Device;
  typed: TypedStreams;
  /** Upgrades. Everything is checked before. */
  accept: () => WebSocket;
}

/** @throws ClaudexError NO_SUCH_SESSION, NOT_RUNNING, NOT_ATTACHABLE, HOST_UNREACHABLE, BAD_REQUEST */
export async function openTerminal(request: TerminalRequest): Promise<void> {
  const { parts, target, url, isReadOnly, device, typed, accept } = request;
  const { feed } = parts;
  const session = findTarget(target, await feed.sessions());
  const stream = streamIn(url);
  const path = await viewerSocket(feed, session);
  const size = { cols: sizeIn(url, 'cols'), rows: sizeIn(url, 'rows') };
  const scrollback = url.searchParams.get('scrollback') !== '0';
  const host = await connectHost(path, { kind: 'terminal', readOnly: isReadOnly, size, scrollback });
  host.pause();
  try {
    const web = accept();
    const name = stream && `${device.id} ${session.id} ${stream}`;
    new TerminalSocket(web, host, {
      path,
      size,
      isReadOnly,
      mayType: device.scopes.includes('terminal'),
      typed: name === undefined ? undefined : typed.open(name, () => web.terminate()),
    });
  } catch (error) {
    host.destroy();
    throw error;
  }
}

interface TerminalState {
  path: string;
  size: FrameSize;
  isReadOnly: boolean;
  mayType: boolean;
  /** What its keys are counted in, where the browser wants that. */
  typed: OpenStream | undefined;
}

class TerminalSocket {
  readonly #web: WebSocket;
  readonly #state: TerminalState;
  #host: Socket;

  constructor(web: WebSocket, host: Socket, state: TerminalState) {
    this.#web = web;
    this.#host = host;
    this.#state = state;
    web.on('message', (bytes, isBinary) => this.#heard(bytes, isBinary));
    web.once('close', () => {
      state.typed?.close();
      this.#host.destroy();
    });
    if (state.typed) this.#say({ type: 'typed', taken: state.typed.taken, known: state.typed.isKnown });
    this.#follow(host);
  }

  #follow(host: Socket): void {
    this.#host = host;
    onFrames(host, (one) => {
      if (host === this.#host) this.#show(one);
    });
    host.on('error', () => host.destroy());
    host.once('close', () => {
      // without a word: the browser comes back, and finds out
      if (host === this.#host) this.#web.close(1011, 'the session’s host has gone');
    });
    host.resume();
  }

  #show({ kind, payload }: Frame): void {
    if (kind === frameKinds.output) this.#send(payload);
    else if (kind === frameKinds.snapshot) {
      this.#say({ type: 'snapshot' });
      this.#send(payload);
    } else if (kind === frameKinds.welcome) {
      this.#say({ type: 'size', ...(JSON.parse(payload.toString()) as HostWelcome).size });
    } else if (kind === frameKinds.size) {
      this.#say({ type: 'size', ...(JSON.parse(payload.toString()) as FrameSize) });
    } else if (kind === frameKinds.ping) this.#host.write(frame(frameKinds.pong));
    else if (kind === frameKinds.bye) {
      this.#say({ type: 'bye', ...(JSON.parse(payload.toString()) as HostBye) });
      this.#web.close(1000, 'the session has ended, or let everybody go');
    }
  }

  #send(bytes: Buffer): void {
    const host = this.#host;
    this.#web.send(bytes, () => {
      if (this.#web.bufferedAmount < lowWaterBytes) host.resume();
    });
    // not read, the host sees that we are behind, and sends a fresh screen instead of what was missed
    if (this.#web.bufferedAmount > highWaterBytes) host.pause();
  }

  #say(value: object): void {
    this.#web.send(JSON.stringify(value));
  }

  #heard(data: RawData, isBinary: boolean): void {
    const bytes = Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as Buffer);
    if (isBinary) {
      this.#type(bytes);
      return;
    }
    const { data: said, error } = word.safeParse(jsonOf(bytes));
    if (error) {
      this.#refuse(new ClaudexError('BAD_REQUEST', saidOf(error.issues)));
      return;
    }
    if (said.type === 'resize') this.#resize({ cols: said.cols, rows: said.rows });
    else if (said.type === 'mode') void this.#changeMode(said.readonly);
    // who looks at the terminal decides its size
    else if (said.focused !== false && this.#state.size.cols > 0) this.#resize(this.#state.size);
  }

  #refuse({ code, message, fix }: ClaudexError): void {
    this.#say({ type: 'error', error: { code, message, fix } });
  }

  #type(bytes: Buffer): void {
    const { isReadOnly, typed } = this.#state;
    const taken = typed?.take(bytes.length);
    if (typed && taken === undefined) return; // another connection goes on with these keys
    if (!isReadOnly) this.#host.write(frame(frameKinds.input, bytes));
    if (taken !== undefined) this.#say({ type: 'typed', taken });
  }

  #resize(size: FrameSize): void {
    this.#state.size = size;
    this.#host.write(jsonFrame(frameKinds.resize, size));
  }

  /** A host is told once, at the beginning, whether somebody types: so it is told anew. */
  async #changeMode(readOnly: boolean): Promise<void> {
    if (readOnly === this.#state.isReadOnly) return;
    if (!readOnly && !this.#state.mayType) {
      return this.#refuse(new ClaudexError('SCOPE_MISSING', 'It takes the scope terminal.'));
    }
    try {
      const { path, size } = this.#state;
      // what is above the screen is there already
      const next = await connectHost(path, { kind: 'terminal', readOnly, size, scrollback: false });
      const last = this.#host;
      this.#state.isReadOnly = readOnly;
      this.#follow(next);
      last.destroy();
    } catch {
      this.#web.close(1011, 'the session’s host has gone');
    }
  }
}

/** Undefined for what is no JSON: no word is that. */
function jsonOf(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString());
  } catch {
    return undefined;
  }
}

/** @throws ClaudexError BAD_REQUEST */
function streamIn(url: URL): string | undefined {
  const name = url.searchParams.get('stream') ?? undefined;
  if (name !== undefined && !/^[\w-]{8,64}$/.test(name))
    throw new ClaudexError('BAD_REQUEST', '"stream" must be 8 to 64 letters, digits, "-" or "_".');
  return name;
}

/** 0 where it is not said: such a viewer has no say in the size. @throws ClaudexError BAD_REQUEST */
function sizeIn(url: URL, name: 'cols' | 'rows'): number {
  const text = url.searchParams.get(name);
  if (text === null) return 0;
  const count = Number(text);
  if (!Number.isInteger(count) || count < 0 || count > 1000) {
    throw new ClaudexError('BAD_REQUEST', `"${name}" must be a whole number, at most 1000.`);
  }
  return count;
}
