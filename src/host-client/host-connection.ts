/** One connection to a host, as a viewer or to ask for something. */
import { lstatSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { ClaudexError } from '../errors/claudex-error.ts';
import {
  type Frame,
  FrameReader,
  frameKinds,
  framesProtocol,
  jsonFrame,
  type ScreenRequest,
  type ViewerHello,
} from '../protocol/frames.ts';

/** A snapshot with five thousand lines above it, in colours. */
const maxFrameBytes = 64 * 1024 * 1024;
const answerTakesMs = 5000;

/** Connects, and says who we are. @throws ClaudexError HOST_UNREACHABLE; HOME_NOT_PRIVATE when the socket is not ours */
export async function connectHost(path: string, hello: Omit<ViewerHello, 'protocol'>): Promise<Socket> {
  const socket = await connectHostSocket(path);
  socket.write(jsonFrame(frameKinds.hello, { ...hello, protocol: framesProtocol }));
  return socket;
}

/** Connects; who we are is still to be said. @throws ClaudexError HOST_UNREACHABLE; HOME_NOT_PRIVATE when the socket is not ours */
export async function connectHostSocket(path: string): Promise<Socket> {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat && (stat.uid !== process.geteuid?.() || !stat.isSocket())) {
    throw new ClaudexError('HOME_NOT_PRIVATE', `${path} is not a socket of yours.`);
  }
  const socket = connect(path);
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', (cause) => reject(new ClaudexError('HOST_UNREACHABLE', `${cause.message}.`, { cause })));
  });
  return socket;
}

/** Does anybody listen there? */
export async function isListening(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const end = (listens: boolean): void => {
      socket.destroy();
      resolve(listens);
    };
    socket.once('connect', () => end(true)).once('error', () => end(false));
  });
}

/** Reads frames for as long as the connection is open. */
export function onFrames(socket: Readable, take: (frame: Frame) => void): void {
  const reader = new FrameReader(maxFrameBytes);
  socket.on('data', (chunk: Buffer) => {
    for (const frame of reader.take(chunk)) take(frame);
  });
}

const nobody = { kind: 'screen', readOnly: true, size: { cols: 0, rows: 0 } } as const;

/** What is on the screen of that host, as text. @throws ClaudexError HOST_UNREACHABLE */
export async function readScreen(path: string, request: ScreenRequest): Promise<string> {
  const socket = await connectHost(path, nobody);
  try {
    return await new Promise<string>((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new ClaudexError('HOST_UNREACHABLE', 'It does not answer.')),
        answerTakesMs,
      );
      socket.once('close', () => reject(new ClaudexError('HOST_UNREACHABLE', 'It has gone.')));
      onFrames(socket, ({ kind, payload }) => {
        if (kind !== frameKinds.screenText) return;
        clearTimeout(timer);
        resolve((JSON.parse(payload.toString()) as { text: string }).text);
      });
      socket.write(jsonFrame(frameKinds.screen, request));
    });
  } finally {
    socket.destroy();
  }
}

/** Lets all viewers of that host go. @throws ClaudexError HOST_UNREACHABLE */
export async function detachAll(path: string): Promise<void> {
  const socket = await connectHost(path, nobody);
  await new Promise<void>((resolve) => {
    socket.once('close', () => resolve());
    socket.resume().write(jsonFrame(frameKinds.detachAll, {}));
  });
}
