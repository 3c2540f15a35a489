/** Keys from one terminal, output to another: `claudex <>/dev/pts/N` in a script, an editor's or a test's doing. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { verifies } from '../../requirements.ts';
import { withClaudeAlone } from '../../support/claude-wrapper.ts';
import { claudexBin } from '../../support/claudex.ts';
import { startInPty } from '../../support/pty-driver.ts';
import { useTestBed } from '../../support/test-bed.ts';
import { waitForFile } from '../../support/wait-for-file.ts';

const patient = { timeoutMs: 40_000 };

describe('two terminals', () => {
  const bed = useTestBed();

  it(`the keys' one is closed while the other does not read: what it gets then is whole ${verifies('terminal-flow', 'terminal-exit')}`, async () => {
    const home = bed.home();
    const keysFile = join(home.root, 'keys');
    const env = withClaudeAlone(home, 'flood.mjs', { FLOOD_BYTES: '60000000', KEYS_FILE: keysFile });
    // started first: node-pty hands the terminals it holds down to the next, which would keep a closed one open
    const script = `read terminal; exec '${process.execPath}' '${claudexBin}' <"$terminal"`;
    const driver = startInPty('/bin/sh', ['-c', script], { cwd: home.cwd, env });
    const keyboard = startInPty('/bin/sh', ['-c', 'tty; exec sleep 600'], { cwd: home.cwd, env });
    driver.type(`${(await keyboard.waitForScreen(/^\/dev\/\S+$/)).trim()}\r`);
    await driver.waitForOutput('ready', patient);
    const goOn = driver.stopReading();
    for (let count = 1; count <= 30; count++) {
      keyboard.type('k');
      await waitForFile(keysFile, (text) => text?.length === count, patient);
    }
    keyboard.closeWindow();
    await keyboard.exit;
    goOn();
    expect(await driver.waitForExit(patient)).toEqual({ code: null, signal: 1 });
    const output = driver.rawOutput().toString('latin1');
    const numbers = output.slice(output.indexOf('ready ') + 'ready '.length);
    expect(numbers.length).toBeGreaterThan(8000);
    for (let at = 0; at + 8 <= numbers.length; at += 8) {
      expect(numbers.slice(at, at + 8)).toBe(`${String(at % 10_000_000).padStart(7, '0')}.`);
    }
  });
});
