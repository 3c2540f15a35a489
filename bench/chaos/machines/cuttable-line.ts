/** A TCP line to a port of loopback that can be cut, or fall silent without anybody being told. */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface CuttableLine {
  port: number;
  /** `whole`; `cut`: connections end and none comes; `silent`: what is said never arrives. */
  is(state: 'whole' | 'cut' | 'silent'): void;
  close(): void;
}

export async function cuttableLine(toPort: number): Promise<CuttableLine> {
  let state: 'whole' | 'cut' | 'silent' = 'whole';
  const pairs = new Set<[Socket, Socket]>();
  const endAll = (): void => {
    for (const pair of pairs) for (const socket of pair) socket.destroy();
  };
  const server = createServer((near) => {
    if (state === 'cut') return void near.destroy();
    const far = connect(toPort, '127.0.0.1');
    const pair: [Socket, Socket] = [near, far];
    pairs.add(pair);
    const end = (): void => {
      near.destroy();
      far.destroy();
      pairs.delete(pair);
    };
    for (const socket of pair) socket.on('error', end).on('close', end);
    near.on('data', (bytes) => state !== 'silent' && far.write(bytes));
    far.on('data', (bytes) => state !== 'silent' && near.write(bytes));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    is: (next) => {
      // what was lost in silence leaves a stream that is no stream any more
      if (next === 'cut' || state === 'silent') endAll();
      state = next;
    },
    close: () => {
      endAll();
      server.close();
    },
  };
}
