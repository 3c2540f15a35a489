import { describe, expect, it } from 'vitest';
import { InputLane } from '../../../src/runner/input-lane.ts';
import { verifies } from '../../requirements.ts';

function aLane() {
  const written: string[] = [];
  const late: string[] = [];
  const lane = new InputLane(
    (bytes) => written.push(bytes.toString()) < 100,
    (bytes) => late.push(bytes.toString()),
  );
  return { lane, written, late, press: (text: string) => lane.fromPerson(Buffer.from(text)) };
}

describe(`input lane ${verifies('keys-kept')}`, () => {
  it('passes keys on as they come', () => {
    const { written, press } = aLane();
    press('a');
    press('\x1b[A');
    expect(written).toEqual(['a', '\x1b[A']);
  });

  it('keeps the keys pressed during a reservation and lets them follow in order', async () => {
    const { lane, written, late, press } = aLane();
    press('before');
    await lane.reserve(async (write) => {
      write(Buffer.from('<paste>'));
      press('one');
      await Promise.resolve();
      press('two');
      write(Buffer.from('\r'));
    });
    press('three');
    expect(written).toEqual(['before', '<paste>', '\r', 'one', 'two', 'three']);
    expect(late).toEqual(['one', 'two']);
  });

  it('loses none when the reservation fails, and gives its result when it does not', async () => {
    const { lane, written, press } = aLane();
    const failing = lane.reserve(async () => {
      press('kept');
      throw new Error('broken');
    });
    await expect(failing).rejects.toThrow('broken');
    expect(written).toEqual(['kept']);
    expect(await lane.reserve(async () => 7)).toBe(7);
  });

  it('is reserved by one at a time', async () => {
    const { lane, written, press } = aLane();
    let release = (): void => {};
    const first = lane.reserve(() => new Promise<void>((resolve) => (release = resolve)));
    await expect(lane.reserve(async (write) => write(Buffer.from('second')))).rejects.toThrow('reserved already');
    press('kept');
    expect(written).toEqual([]);
    release();
    await first;
    expect(written).toEqual(['kept']);
  });
});
