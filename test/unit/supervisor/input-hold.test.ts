import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { InputHold } from '../../../src/supervisor/input-hold.ts';
import { TerminalModes } from '../../../src/terminal/terminal-modes.ts';
import { verifies } from '../../requirements.ts';

const paste = '\x1b[?2004';

describe(`keys while claude gives the terminal up ${verifies('terminal-exit', 'suspend')}`, () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  function aClaude() {
    const modes = new TerminalModes();
    const told: string[] = [];
    const leaving = new InputHold({
      modes,
      pauseInput: () => void told.push('left'),
      resumeInput: () => void told.push('read'),
    });
    const writes = (text: string): string[] => {
      modes.output(Buffer.from(text));
      leaving.output();
      return told.splice(0);
    };
    const passes = (ms: number): string[] => {
      vi.advanceTimersByTime(ms);
      return told.splice(0);
    };
    return { leaving, writes, passes };
  }

  it('are left where they are from its last mode on, and read again with its first', () => {
    const { writes, passes } = aClaude();
    expect(writes(`${paste}h\x1b[?1004h\x1b[>1u`)).toEqual([]);
    expect(writes(`an answer\x1b[?25l\x1b[?25h`)).toEqual([]);
    expect(writes(`${paste}l\x1b[?1004l`)).toEqual([]);
    expect(writes('\x1b[<u')).toEqual(['left']);
    expect(writes('last words')).toEqual([]);
    expect(writes(`\x1b[?1049h`)).toEqual(['read']);
    expect(passes(60_000)).toEqual([]);
  });

  it('are read again after two seconds: something else may have its terminal now', () => {
    const { writes, passes } = aClaude();
    writes(`${paste}h`);
    expect(writes(`${paste}l`)).toEqual(['left']);
    expect(passes(1999)).toEqual([]);
    expect(passes(1)).toEqual(['read']);
    expect(writes('\x1b[?25l\x1b[?25h')).toEqual([]);
  });

  it('are left for as long as it is stopped, and then for as long again', () => {
    const { leaving, writes, passes } = aClaude();
    writes(`${paste}h`);
    expect(writes(`${paste}l`)).toEqual(['left']);
    leaving.stopped();
    expect(passes(3_600_000)).toEqual([]);
    leaving.continued();
    expect(passes(1999)).toEqual([]);
    expect(writes(`${paste}h`)).toEqual(['read']);
    expect(passes(60_000)).toEqual([]);
  });

  it('are always read where it has never taken the terminal, or has been stopped with it', () => {
    const { leaving, writes, passes } = aClaude();
    expect(writes('\x1b[?25l lines \x1b[?25h')).toEqual([]);
    leaving.stopped();
    leaving.continued();
    expect(passes(60_000)).toEqual([]);
  });
});
