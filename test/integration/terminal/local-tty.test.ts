/** The outer terminal by itself, on a real one that reads when the test lets it. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { verifies } from '../../requirements.ts';
import { fixture } from '../../support/claudex.ts';
import { type PtyDriver, startInPty } from '../../support/pty-driver.ts';
import { useTestBed } from '../../support/test-bed.ts';
import { waitForFile } from '../../support/wait-for-file.ts';

const patient = { timeoutMs: 40_000 };

describe('a terminal that does not read', () => {
  const bed = useTestBed();

  /** Plays the steps on a terminal that has been stopped, up to `until`. */
  async function play(steps: string, until: string): Promise<{ driver: PtyDriver; goOn: () => void }> {
    const home = bed.home();
    const stepsFile = join(home.root, 'steps');
    const env = { ...home.env(), STEPS_FILE: stepsFile };
    const driver = startInPty(process.execPath, [fixture('local-tty-alone.mjs'), ...steps.split(' ')], {
      cwd: home.cwd,
      env,
    });
    const goOn = driver.stopReading();
    await waitForFile(stepsFile, (text) => text?.endsWith(`${until} `), patient);
    return { driver, goOn };
  }

  it(`gets what undoes the modes when it reads again ${verifies('terminal-restored', 'terminal-flow')}`, async () => {
    const { driver, goOn } = await play('raw modes fill undo flushed leave', 'undo');
    goOn();
    expect(await driver.waitForExit(patient)).toEqual({ code: 0, signal: null });
    expect(driver.inAlternateScreen()).toBe(false);
    expect(driver.modes()).toMatchObject({ bracketedPaste: false, mouseTracking: 'none', sendFocus: false });
    expect(driver.rawOutput().toString('latin1').trimEnd()).toMatch(/\.\x1b\[<1u[^.]*$/);
  });

  it(`gets every page in order, and what undoes the modes after them ${verifies('terminal-flow')}`, async () => {
    const { driver, goOn } = await play('raw modes pages undo flushed leave', 'held');
    goOn();
    expect(await driver.waitForExit(patient)).toEqual({ code: 0, signal: null });
    const output = driver.rawOutput().toString('latin1');
    const start = output.indexOf('000000.');
    for (let number = 0; number < 200; number++) {
      const page = output.slice(start + number * 4095, start + (number + 1) * 4095);
      expect(page).toBe(`${String(number).padStart(6, '0')}.`.repeat(585));
    }
    expect(output.slice(start + 200 * 4095)).toMatch(/^\x1b\[<1u[^.]*$/);
  });
});
