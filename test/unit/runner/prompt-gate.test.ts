import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { processStartTime } from '../../../src/process/identity.ts';
import { PersonKeys } from '../../../src/runner/person-keys.ts';
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

  const { pid } = process;
  const rule = '─'.repeat(40);
  const screenWith = (box: string): string => `\x1b[2J\x1b[H${rule}\r\n${box}\r\n${rule}\r\n  ? for shortcuts`;

  function aGate(status = 'idle') {
    const said = { pid, sessionId: 's', cwd: '/', version: '2.1.330', status, procStart: processStartTime(pid) };
    writeFileSync(join(configDir, 'sessions', `${pid}.json`), JSON.stringify(said));
    const ring = new OutputRing({ cols: 80, rows: 24 });
    const keys = new PersonKeys();
    const state = { unread: 0, now: 10_000 };
    const gate = new PromptGate({ configDir, pid, keys, ring, unread: () => state.unread, now: () => state.now });
    return { gate, keys, state, show: (box: string) => ring.output(Buffer.from(screenWith(box))) };
  }

  it(`believes no claude that has yet to read what was typed: what it says is of before ${verifies('exactly-once')}`, async () => {
    const { gate, state, show } = aGate();
    show('❯ ');
    expect(gate.notIdle()).toBeUndefined();
    state.unread = 1;
    expect(gate.notIdle()).toBe('suspended');
    expect(await gate.shutBecause()).toBe('suspended');
    state.unread = 0;
    expect(await gate.shutBecause()).toBeUndefined();
  });

  it(`looks at the box although no key was ever pressed: claude fills it by itself ${verifies('draft')}`, async () => {
    const { gate, show } = aGate();
    expect(await gate.shutBecause()).toBe('unknown-box');
    show('❯ restored by claude');
    expect(await gate.shutBecause()).toBe('draft');
    show('! ');
    expect(await gate.shutBecause()).toBe('unknown-box');
    show('❯ \x1b[7mT\x1b[27m\x1b[2mry "fix it"\x1b[22m');
    expect(await gate.shutBecause()).toBeUndefined();
  });

  it(`is shut while the person types, and in the middle of their paste ${verifies('draft')}`, async () => {
    const { gate, keys, state, show } = aGate();
    show('❯ ');
    keys.take(Buffer.from('x\x7f'), state.now);
    expect(await gate.shutBecause()).toBe('typing');
    expect(gate.typingEndsInMs()).toBe(800);
    state.now += 800;
    expect(await gate.shutBecause()).toBeUndefined();
    keys.take(Buffer.from('\x1b[200~half a paste'), state.now);
    state.now += 5000;
    expect(await gate.shutBecause()).toBe('typing');
    state.now += 30_000;
    expect(await gate.shutBecause()).toBeUndefined();
  });

  it(`types nothing that it cannot submit ${verifies('enter')}`, async () => {
    const { gate, show } = aGate();
    show('❯ ');
    const bindings = [{ context: 'Chat', bindings: { enter: 'chat:newline' } }];
    writeFileSync(join(configDir, 'keybindings.json'), JSON.stringify({ bindings }));
    expect(await gate.shutBecause()).toBe('no-submit');
    rmSync(join(configDir, 'keybindings.json'));
    expect(await gate.shutBecause()).toBeUndefined();
    // it was tried, and did not
    gate.enterHasFailed();
    expect(await gate.shutBecause()).toBe('no-submit');
    gate.personHasSubmitted();
    expect(await gate.shutBecause()).toBeUndefined();
  });
});
