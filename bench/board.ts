/** What `claudex board` costs with 60 sessions: while ten of them change each second, and while nothing happens. The daemon is a stand-in. */
import { startClaudex } from '../test/support/claudex.ts';
import { aRecord, startDaemonStandIn } from '../test/support/daemon-stand-in.ts';
import { createHermeticHome } from '../test/support/hermetic-home.ts';
import { registerResource } from '../test/support/resources.ts';
import type { Figure, Measurement } from './figure.ts';
import { cpuMs, residentMb } from './proc.ts';
import { sleep } from './relay-idle.ts';

const sessionCount = 60;
const changesPerSecond = 10;

export const measureBoard: Measurement = async ({ quick, progress }) => {
  const seconds = quick ? 10 : 30;
  const home = createHermeticHome();
  const daemon = await startDaemonStandIn(home.env());
  registerResource({ label: 'daemon stand-in', dispose: () => daemon.close() });
  const record = (serial: number, state: 'idle' | 'busy') => {
    return aRecord({ id: `s${String(serial).padStart(7, '0')}`, name: `session-${serial}`, state });
  };
  daemon.sessions = Array.from({ length: sessionCount }, (_, serial) => record(serial, 'idle'));
  const board = startClaudex(['board'], { cwd: home.cwd, env: home.env(), cols: 160, rows: 50 });
  await board.waitForScreen(`${sessionCount} idle`);
  await sleep(3000);
  const shareOf = async (meanwhile: () => void): Promise<number> => {
    const before = cpuMs(board.pid);
    const startedAt = performance.now();
    const timer = setInterval(meanwhile, 1000 / changesPerSecond);
    await sleep(seconds * 1000);
    clearInterval(timer);
    return ((cpuMs(board.pid) - before) / (performance.now() - startedAt)) * 100;
  };
  let changes = 0;
  const change = (): void => {
    const serial = (changes * 7) % sessionCount;
    const session = record(serial, Math.floor(changes++ / sessionCount) % 2 === 0 ? 'busy' : 'idle');
    daemon.emit({ type: 'session', session });
  };
  progress(`${seconds} seconds with ${changesPerSecond} changes each`);
  const busy = await shareOf(change);
  await sleep(3000);
  progress(`${seconds} idle seconds`);
  const idle = await shareOf(() => undefined);
  const megabytes = residentMb(board.pid);
  board.type('q');
  await board.waitForExit();
  const figure = (name: string, value: number, more: Partial<Figure>): Figure => ({
    measurement: 'board',
    name,
    value,
    unit: '%',
    ...more,
  });
  return [
    figure(`CPU of one core, ${sessionCount} sessions, ${changesPerSecond} changes a second`, busy, {
      target: { max: 5 },
      note: `${changes} changes`,
    }),
    figure(`CPU of one core, ${sessionCount} sessions, idle`, idle, { target: { max: 0.1 }, note: `${seconds} s` }),
    figure('resident memory', megabytes, { unit: 'MB' }),
  ];
};
