/** The socket that viewers come by: reads frames, hands them to who they are for. Knows no claude. */
import { createServer, type Server, type Socket } from 'node:net';
import { listen } from '../../background/listen.ts';
import { isPeerOf } from '../../process/peer.ts';
import {
  type Frame,
  FrameReader,
  frameKinds,
  framesProtocol,
  jsonFrame,
  type ViewerHello,
} from '../../protocol/frames.ts';
import type { ScreenMirror } from '../../terminal/screen-mirror.ts';
import type { Viewer } from './viewer.ts';
import type { Viewers } from './viewers.ts';

/** Keys and requests come in small frames; a paste of a person is read as many. */
const maxFrameBytes = 1024 * 1024;
/** Who has not said who it is by then, is nobody. */
const helloTakesMs = 5000;

export interface ViewerServerOptions {
  path: string;
  viewers: Viewers;
  mirror: ScreenMirror;
}

/** Listens, mode 0600. @throws ClaudexError DAEMON_START_FAILED when somebody listens there */
export async function openViewerServer(options: ViewerServerOptions): Promise<Server> {
  const server = createServer((socket) => {
    if (isPeerOf(socket)) serve(socket, options);
    else socket.destroy();
  });
  await listen(server, options.path);
  return server;
}

function serve(socket: Socket, options: ViewerServerOptions): void {
  const reader = new FrameReader(maxFrameBytes);
  let viewer: Viewer | undefined;
  let isGreeted = false;
  const timer = setTimeout(() => socket.destroy(), helloTakesMs).unref();
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk) => {
    try {
      for (const one of reader.take(chunk)) take(one);
    } catch {
      socket.destroy(); // no frames of ours, or too large
    }
  });

  function take({ kind, payload }: Frame): void {
    if (!isGreeted) {
      const hello = JSON.parse(payload.toString()) as ViewerHello;
      if (kind !== frameKinds.hello || hello.protocol !== framesProtocol) throw new Error('not a hello');
      clearTimeout(timer);
      isGreeted = true;
      if (hello.kind === 'terminal') {
        viewer = options.viewers.add(socket, hello, (isHeld) => {
          if (isHeld) socket.pause();
          else socket.resume();
        });
      }
      return;
    }
    switch (kind) {
      case frameKinds.input:
        if (viewer) options.viewers.keys(viewer, payload);
        return;
      case frameKinds.resize:
        if (viewer) options.viewers.resized(viewer, JSON.parse(payload.toString()));
        return;
      case frameKinds.pong:
        if (viewer) options.viewers.alive(viewer);
        return;
      case frameKinds.detachAll:
        options.viewers.dismiss({ reason: 'detached', exit: null });
        if (!viewer) socket.end();
        return;
      case frameKinds.screen: {
        const request = JSON.parse(payload.toString());
        options.mirror.whenSettled(() => {
          socket.write(jsonFrame(frameKinds.screenText, { text: options.mirror.text(request) }));
        });
        return;
      }
    }
  }
}
