/** The shared screen of a claude that has run for a while shows what claude has drawn, whatever has happened last. */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ClaudeOnPty } from '../../../../src/runner/claude-on-pty.ts';
import { SharedScreen } from '../../../../src/runner/viewers/shared-screen.ts';
import { OutputRing } from '../../../../src/terminal/output-ring.ts';
import { TerminalModes } from '../../../../src/terminal/terminal-modes.ts';
import { verifies } from '../../../requirements.ts';

const [small, wide] = [
  { cols: 20, rows: 5 },
  { cols: 30, rows: 6 },
];

function shared(ring: OutputRing, more: Partial<ConstructorParameters<typeof SharedScreen>[0]> = {}) {
  const calls: string[] = [];
  const claude = {
    ring,
    pty: { pid: 1, pause: () => calls.push('pause'), resume: () => calls.push('resume') },
    writable: { add: () => undefined },
    type: (bytes: Buffer) => calls.push(`type ${bytes.toString('latin1')}`),
  } as unknown as ClaudeOnPty;
  const welcome = { id: 'an-id', cwd: '/' };
  const screen = new SharedScreen({ claude, welcome, socketPath: join(tmpdir(), 'nobody'), ...more });
  return { screen, calls };
}

const textOf = ({ screen }: { screen: SharedScreen }): string => screen.mirror.text({ ansi: false });

describe(`a shared screen ${verifies('ordinary-attach', 'hand-over')}`, () => {
  it('catches up with output and changes of size in their order, also when a change of size was the last', async () => {
    const ring = new OutputRing(small);
    ring.output(Buffer.from('first\r\n'));
    ring.resized(wide);
    ring.output(Buffer.from('second'));
    ring.resized(small);
    const one = shared(ring);
    await one.screen.follow();
    expect(textOf(one)).toBe('first\nsecond');
    expect(one.screen.mirror.size).toEqual(small);
    expect(one.calls).toEqual(['pause']);
  });

  it('starts over when more has come than is kept', async () => {
    const ring = new OutputRing(small, 100);
    ring.output(Buffer.from('old '.repeat(20)));
    const one = shared(ring);
    const following = one.screen.follow();
    ring.output(Buffer.from(`\x1b[H\x1b[2J${'x'.repeat(120)}\x1b[H\x1b[2Jnew`));
    await following;
    expect(textOf(one)).toBe('new');
  });

  it('goes on from a picture, and draws what has come since it was taken', async () => {
    const ring = new OutputRing(small);
    ring.output(Buffer.from('drawn before'));
    const one = shared(ring, { drawn: Buffer.from('\x1b[H\x1b[2Ja picture') });
    ring.output(Buffer.from(' and more'));
    await one.screen.follow();
    expect(textOf(one)).toBe('a picture and more');
  });

  it('answers no question that was asked before, and the ones after it', async () => {
    const ring = new OutputRing(small);
    ring.output(Buffer.from('\x1b[c'));
    const one = shared(ring);
    await one.screen.follow();
    expect(one.calls).toEqual(['pause']);
    one.screen.output(Buffer.from('\x1b[c'));
    await new Promise<void>((resolve) => one.screen.mirror.whenSettled(resolve));
    expect(one.calls.filter((call) => call.startsWith('type'))).toHaveLength(1);
  });

  it('waits until the terminal that has had it until now has taken everything, and takes its modes', async () => {
    const ring = new OutputRing(small);
    ring.output(Buffer.from('text'));
    let isWaiting = true;
    const modes = new TerminalModes();
    modes.output(Buffer.from('\x1b[?2004h'));
    const outlet = {
      get isWaiting() {
        return isWaiting;
      },
      flushed: async () => {
        isWaiting = false;
        ring.output(Buffer.from(' more'));
      },
    };
    const one = shared(ring, { outlet, modes: () => modes });
    await one.screen.follow();
    expect(textOf(one)).toBe('text more');
    expect(one.screen.mirror.modes.bracketedPaste).toBe(true);
    expect(one.screen.mirror.modes).not.toBe(modes);
  });
});
