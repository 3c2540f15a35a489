import { describe, expect, it } from 'vitest';
import { FrameReader, frame, frameKinds, jsonFrame } from '../../../src/protocol/frames.ts';

const stream = Buffer.concat([
  frame(frameKinds.output, 'abc'),
  frame(frameKinds.ping),
  jsonFrame(frameKinds.size, { cols: 80, rows: 24 }),
]);
const expected = [
  { kind: frameKinds.output, text: 'abc' },
  { kind: frameKinds.ping, text: '' },
  { kind: frameKinds.size, text: '{"cols":80,"rows":24}' },
];

describe('frames', () => {
  it.each([1, 2, 3, 7, 1000])('are read from pieces of %i bytes', (size) => {
    const reader = new FrameReader(1000);
    const frames = [];
    for (let at = 0; at < stream.length; at += size) frames.push(...reader.take(stream.subarray(at, at + size)));
    expect(frames.map(({ kind, payload }) => ({ kind, text: payload.toString() }))).toEqual(expected);
  });

  it('of more than the limit are refused before they have come', () => {
    const reader = new FrameReader(10);
    expect(() => reader.take(frame(frameKinds.input, 'x'.repeat(11)).subarray(0, 6))).toThrow(/11 bytes/);
    expect(new FrameReader(11).take(frame(frameKinds.input, 'x'.repeat(11)))).toHaveLength(1);
  });
});
