/** Writing to a real terminal whose program reads when the test lets it. */
import { createHash, randomBytes } from 'node:crypto';
import { closeSync, readSync, writeSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { PtyWriter } from '../../../src/terminal/pty/pty-writer.ts';
import { verifies } from '../../requirements.ts';
import { type OpenPty, openPty } from '../../support/open-pty.ts';
import { seededRandom } from '../../support/seeded-random.ts';
import { useTestBed } from '../../support/test-bed.ts';

const mostWaiting = 64 * 1024;

describe('keys on their way', () => {
  const bed = useTestBed();

  function open(): OpenPty & { writer: PtyWriter; calls: { writable: number }; writable: () => Promise<void> } {
    const { master, slave } = openPty();
    const calls = { writable: 0 };
    let wake: (() => void) | undefined;
    const writer = new PtyWriter(master, () => {
      calls.writable++;
      wake?.();
    });
    bed.defer(() => {
      writer.close();
      closeSync(master);
    });
    bed.defer(() => closeSync(slave));
    const writable = (): Promise<void> =>
      new Promise((resolve) => {
        wake = resolve;
      });
    return { master, slave, writer, calls, writable };
  }

  it(`are there at once while there is room ${verifies('terminal-bytes')}`, async () => {
    const { slave, writer, calls } = open();
    expect(writer.write(Buffer.from('a'))).toBe(true);
    expect(writer.write(Buffer.alloc(0))).toBe(true);
    expect(writer.write(Buffer.from('bc'))).toBe(true);
    expect(await readOn(slave, 3)).toEqual(Buffer.from('abc'));
    expect(calls.writable).toBe(0);
  });

  it(`wait for a program that does not read, up to ${mostWaiting} bytes ${verifies('terminal-flow')}`, async () => {
    const { slave, writer, calls, writable } = open();
    const chunk = randomBytes(1000);
    let written = 0;
    let goesOn = true;
    while (goesOn) {
      goesOn = writer.write(chunk);
      written += chunk.length;
    }
    // and what the terminal itself holds
    expect(written).toBeGreaterThan(mostWaiting);
    expect(written).toBeLessThan(2 * mostWaiting);
    expect(calls.writable).toBe(0);
    const empty = writable();
    const got = await readOn(slave, written);
    expect(got).toEqual(Buffer.concat(Array(written / chunk.length).fill(chunk)));
    await empty;
    expect(calls.writable).toBe(1);
    expect(writer.write(Buffer.from('x'))).toBe(true);
    expect(await readOn(slave, 1)).toEqual(Buffer.from('x'));
  });

  it(`wait without a word where nobody was held up for them ${verifies('terminal-flow')}`, async () => {
    const { master, slave, writer, calls } = open();
    let held = 0;
    while (hasRoomFor(master, 'k')) held++;
    expect(writer.write(Buffer.from('few'))).toBe(true);
    expect((await readOn(slave, held + 3)).toString('latin1').slice(held)).toBe('few');
    expect(calls.writable).toBe(0);
  });

  it(`written by another meanwhile do not keep the one waiting who was held up ${verifies('terminal-flow')}`, async () => {
    const { slave, writer, writable } = open();
    const empty = writable();
    let written = 5000;
    while (writer.write(Buffer.alloc(5000, 'k'))) written += 5000;
    const left = mostWaiting - 5000;
    await readOn(slave, written - left);
    expect(writer.write(Buffer.from('few'))).toBe(true);
    await readOn(slave, left + 3);
    await empty;
  });

  it(`arrive whole and in order, however they are cut and read ${verifies('terminal-bytes', 'terminal-flow')}`, async () => {
    const { slave, writer, writable } = open();
    const random = seededRandom(7);
    const sent = createHash('sha256');
    const received = createHash('sha256');
    let sentBytes = 0;
    let receivedBytes = 0;
    const total = 3_000_000;
    const reading = (async () => {
      const buffer = Buffer.alloc(5000);
      while (receivedBytes < total) {
        const bytes = readSome(slave, buffer.subarray(0, 1 + Math.floor(random() * 5000)));
        received.update(bytes);
        receivedBytes += bytes.length;
        if (bytes.length === 0 || random() < 0.3) await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    while (sentBytes < total) {
      const size = random() < 0.5 ? 1 + Math.floor(random() * 8) : 1 + Math.floor(random() * 30_000);
      const chunk = randomBytes(Math.min(size, total - sentBytes));
      sent.update(chunk);
      sentBytes += chunk.length;
      const again = writable();
      if (!writer.write(chunk)) await again;
    }
    await reading;
    expect(received.digest('hex')).toBe(sent.digest('hex'));
  });

  it(`are dropped when the terminal is closed, and nothing is written then ${verifies('terminal-exit')}`, async () => {
    const { master, slave, writer, calls } = open();
    let written = 0;
    while (writer.write(Buffer.alloc(5000, 'k'))) written += 5000;
    writer.close();
    expect(writer.write(Buffer.from('late'))).toBe(true);
    // what the terminal held already, then our own end
    let got = '';
    for (let isEnded = false; !got.endsWith('end'); ) {
      got += readAll(slave).toString('latin1');
      await new Promise((resolve) => setImmediate(resolve));
      if (!isEnded) isEnded = hasRoomFor(master, 'end');
    }
    expect(got).toMatch(/^k+end$/);
    expect(got.length).toBeLessThan(written);
    expect(calls.writable).toBe(0);
  });
});

function hasRoomFor(fd: number, text: string): boolean {
  try {
    return writeSync(fd, text) > 0;
  } catch {
    return false; // expected: EAGAIN
  }
}

/** What there is now, at most as much as `buffer` holds. */
function readSome(fd: number, buffer: Buffer): Buffer {
  try {
    return buffer.subarray(0, readSync(fd, buffer));
  } catch {
    return buffer.subarray(0, 0); // expected: EAGAIN
  }
}

function readAll(fd: number, atMost = 70_000): Buffer {
  return Buffer.from(readSome(fd, Buffer.alloc(atMost)));
}

async function readOn(fd: number, count: number): Promise<Buffer> {
  let got: Buffer = Buffer.alloc(0);
  while (got.length < count) {
    got = Buffer.concat([got, readAll(fd, count - got.length)]);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return got;
}
