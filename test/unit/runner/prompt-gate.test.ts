import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { processStartTime } from '../../../src/process/identity.ts';
import { DraftTracker } from '../../../src/runner/draft-tracker.ts';
import { PromptGate } from '../../../src/runner/prompt-gate.ts';
import { OutputRing } from '../../../src/terminal/output-ring.ts';
import { verifies } from '../../requirements.ts';

describe('the prompt gate', () => {
  let configDir: string;
  beforeEach(() => {
    configDir = mkdtempSync(join(tmpdir(), 'cxt-gate-'));
    mkdirSync(join(configDir, 'sessions'));
  });
  afterEach(() => rmSync(configDir, { recursive: true, force: true }));

  it(`believes no claude that has yet to read what was typed: what it says is of before ${verifies('exactly-once')}`, async () => {
    const { pid } = process;
    const said = {
      pid,
      sessionId: 's',
      cwd: '/',
      version: '2.1.330',
      status: 'idle',
      procStart: processStartTime(pid),
    };
    writeFileSync(join(configDir, 'sessions', `${pid}.json`), JSON.stringify(said));
    let unread = 0;
    const ring = new OutputRing({ cols: 80, rows: 24 });
    const gate = new PromptGate({
      configDir,
      pid,
      draft: new DraftTracker(),
      ring,
      unread: () => unread,
      now: () => 0,
    });
    expect(gate.notIdle()).toBeUndefined();
    unread = 1;
    expect(gate.notIdle()).toBe('suspended');
    expect(await gate.shutBecause()).toBe('suspended');
    unread = 0;
    expect(gate.notIdle()).toBeUndefined();
  });
});
