/** A line between a browser and a server that can go silent without anybody being told, as a network does. */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { registerResource } from './resources.ts';

export interface LossyLine {
  port: number;
  /** From now on what one end says never arrives at the other, on the connections that there are. */
  lose(from: 'browser' | 'server'): void;
  /** Those connections end, and new ones are whole. */
  cut(): void;
}

/** Closed after the test. */
export async function startLossyLine(toPort: number): Promise<LossyLine> {
  const ends = new Set<{ browser: Socket; server: Socket; lost: Set<'browser' | 'server'> }>();
  const line = createServer((browser) => {
    const pair = { browser, server: connect(toPort, '127.0.0.1'), lost: new Set<'browser' | 'server'>() };
    ends.add(pair);
    const end = (): void => {
      browser.destroy();
      pair.server.destroy();
      ends.delete(pair);
    };
    for (const socket of [browser, pair.server]) socket.on('error', end).on('close', end);
    browser.on('data', (bytes) => pair.lost.has('browser') || pair.server.write(bytes));
    pair.server.on('data', (bytes) => pair.lost.has('server') || browser.write(bytes));
  });
  const cut = (): void => {
    for (const { browser, server } of [...ends]) {
      browser.destroy();
      server.destroy();
    }
  };
  await new Promise<void>((resolve) => line.listen(0, '127.0.0.1', resolve));
  registerResource({
    label: 'a lossy line',
    dispose: async () => {
      cut();
      await new Promise<void>((resolve) => line.close(() => resolve()));
    },
  });
  return {
    port: (line.address() as AddressInfo).port,
    lose: (from) => {
      for (const { lost } of ends) lost.add(from);
    },
    cut,
  };
}
