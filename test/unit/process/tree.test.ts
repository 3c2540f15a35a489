/** What is killed is what was found, and not what has its pid by now. */
import { spawn } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { killTree, type ProcessEntry, processesBelow, stillThere, warmVariable } from '../../../src/process/tree.ts';
import { isAlive } from '../../support/processes.ts';

const entry = (pid: number, started: string, marked = false): ProcessEntry => {
  return { pid, started, parent: 1, group: 0, marked };
};

describe('a tree of processes', () => {
  it('has lost a process whose pid another one has, and what has ended', () => {
    const known = [entry(10, 'a'), entry(11, 'a'), entry(12, 'a')];
    expect(stillThere(known, [entry(10, 'a'), entry(11, 'b'), entry(13, 'a')])).toEqual([entry(10, 'a')]);
  });

  it('keeps what carries the mark, whoever it is, but never ourselves', () => {
    expect(stillThere([], [entry(20, 'x', true), entry(process.pid, 'x', true)])).toEqual([entry(20, 'x', true)]);
  });

  it('is ended whole, with what has cut itself loose', async () => {
    const mark = `${process.pid}-tree-test`;
    const child = spawn('sh', ['-c', 'setsid sleep 600 & sleep 600 & echo up; wait'], {
      env: { ...process.env, [warmVariable]: mark },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    await new Promise((resolve) => child.stdout.once('data', resolve));
    const below = await processesBelow(child.pid, mark);
    expect(below).toHaveLength(2);
    await killTree(child.pid, mark);
    await ended;
    expect([child.pid!, ...below].filter(isAlive)).toEqual([]);
  });
});
