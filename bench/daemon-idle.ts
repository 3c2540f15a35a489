/** What the daemon costs a machine on which nothing happens: three real claudes at rest, a minute of it. */
import { setTimeout as delay } from 'node:timers/promises';
import { startClaudex } from '../test/support/claudex.ts';
import { areIdle, startBenchHome, waitForSessions } from './bench-home.ts';
import type { Measurement } from './figure.ts';
import { cpuMs, residentMb } from './proc.ts';

const names = ['one', 'two', 'three'];

export const measureDaemonIdle: Measurement = async ({ quick, progress }) => {
  const { home, client, daemonPid } = await startBenchHome(names);
  const drivers = names.map((name) => startClaudex([], { cwd: home.dir(name), env: home.env() }));
  await waitForSessions(client, areIdle(names.length));
  // the time they need to settle, and then the time that is measured: here waiting is the point
  await delay(quick ? 2000 : 10_000);
  const seconds = quick ? 10 : 60;
  progress(`watching the daemon for ${seconds} s`);
  const cpuBefore = cpuMs(daemonPid);
  const startedAt = performance.now();
  await delay(seconds * 1000);
  const cpu = ((cpuMs(daemonPid) - cpuBefore) / (performance.now() - startedAt)) * 100;
  const supervisors = drivers.map((driver) => residentMb(driver.pid));
  const rss = residentMb(daemonPid);
  for (const driver of drivers) await driver.dispose();
  const note = `${names.length} idle sessions, ${seconds} s`;
  return [
    { measurement: 'daemon-idle', name: 'daemon, resident memory', value: rss, unit: 'MB', target: { max: 70 }, note },
    { measurement: 'daemon-idle', name: 'daemon, CPU of one core', value: cpu, unit: '%', target: { max: 0.1 }, note },
    {
      measurement: 'daemon-idle',
      name: 'one claudex (supervisor), resident memory',
      value: Math.max(...supervisors),
      unit: 'MB',
      note: 'the largest of the three; shared pages included',
    },
  ];
};
