/** Server-sent events come in pieces of any size. */
import { describe, expect, it } from 'vitest';
import { serverSentEvents } from '../../../src/far/far-events.ts';
import { verifies } from '../../requirements.ts';

const text =
  'id: a:1\nevent: hello\ndata: {}\n\n: still here\n\nid: a:2\nevent: session\ndata: {"é":"☃"}\n\nevent: message\ndata: 1\ndata: 2\n\nevent: cut\ndata: off';

async function read(pieces: Uint8Array[], end: 'ends' | 'breaks' = 'ends') {
  const reader = {
    read: async () => {
      const value = pieces.shift();
      if (value) return { done: false as const, value };
      if (end === 'breaks') throw new Error('terminated');
      return { done: true as const, value: undefined };
    },
  };
  const events = [];
  for await (const event of serverSentEvents(reader)) events.push(event);
  return events;
}

describe(`events of another machine ${verifies('far-commands')}`, () => {
  const whole = [
    { name: 'hello', data: '{}' },
    { name: 'session', data: '{"é":"☃"}' },
    { name: 'message', data: '1\n2' },
  ];

  it.each([1, 2, 7, 1000])('in pieces of %i bytes', async (size) => {
    const bytes = Buffer.from(text);
    const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
      bytes.subarray(i * size, (i + 1) * size),
    );
    expect(await read(pieces)).toEqual(whole);
  });

  it('a line that breaks is an end', async () => {
    expect(await read([Buffer.from(text)], 'breaks')).toEqual(whole);
  });
});
