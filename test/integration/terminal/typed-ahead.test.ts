/** Keys typed for the next program: a paste of two lines into the shell, a script's keys. They arrive as without claudex. */
import { describe, expect, it } from 'vitest';
import { verifies } from '../../requirements.ts';
import { withClaudeAlone } from '../../support/claude-wrapper.ts';
import { claudexBin, fixture, startClaudex } from '../../support/claudex.ts';
import { childPids } from '../../support/processes.ts';
import { type PtyDriver, startInPty } from '../../support/pty-driver.ts';
import { useTestBed } from '../../support/test-bed.ts';

const patient = { timeoutMs: 40_000 };
const bash = ['bash', '--norc', '--noprofile', '-i'];
const sh = ['sh', '-i'];

describe('keys typed ahead', () => {
  const bed = useTestBed();

  /** The shell at its prompt; `"$PROGRAM"` is the fixture, directly or through claudex. */
  async function startShell(shell: string[], name: string, isThrough: boolean): Promise<PtyDriver> {
    const home = bed.home();
    const program = isThrough ? claudexBin : fixture(name);
    const env = withClaudeAlone(home, name, { PROGRAM: program, PS1: 'shell> ' });
    const driver = startInPty(shell[0]!, shell.slice(1), { cwd: home.cwd, env });
    await driver.waitForScreen('shell>', patient);
    return driver;
  }

  /** A claude in a shell that has given its terminal up, and has not ended. */
  async function startAndLeave(isThrough: boolean): Promise<PtyDriver> {
    const driver = await startShell(bash, 'leaves-slowly.mjs', isThrough);
    driver.write('"$PROGRAM"\r');
    await driver.waitForScreen('ready', patient);
    driver.write('q');
    await driver.waitForScreen('left', patient);
    return driver;
  }

  async function screenAtTheEnd(driver: PtyDriver): Promise<string> {
    await driver.waitForScreen((screen) => screen.trimEnd().endsWith('\nshell>'), patient);
    const screen = driver.screen();
    driver.write('exit\r');
    await driver.waitForExit(patient);
    return screen;
  }

  it.each([
    ['a shell that edits lines', bash],
    ['a shell that leaves that to the terminal', sh],
  ])(`for claude, in %s: the same bytes, echoed as often ${verifies('terminal-bytes')}`, async (_, shell) => {
    const screens = await Promise.all(
      [false, true].map(async (isThrough) => {
        const driver = await startShell(shell, 'dump-input.mjs', isThrough);
        // Ctrl-V: the plain shell's terminal would take the Ctrl-D for itself
        driver.write('"$PROGRAM"\rhello\rh\u00e9\x1b[D\x7f\x16\x04');
        return screenAtTheEnd(driver);
      }),
    );
    expect(screens[0]).toContain('ready');
    expect(screens[1]).toBe(screens[0]);
  });

  it(`for a claude that leaves lines and echo to the terminal: it has both as before ${verifies('terminal-bytes', 'terminal-settings')}`, async () => {
    const screens = await Promise.all(
      [false, true].map(async (isThrough) => {
        const driver = await startShell(sh, 'answers-lines.mjs', isThrough);
        driver.write('"$PROGRAM"\rfirst\r');
        await driver.waitForScreen('ANSWER first', patient);
        driver.write('secund\x7f\x7f\x7fond\r');
        await driver.waitForScreen('ANSWER second', patient);
        driver.write('end\r');
        return screenAtTheEnd(driver);
      }),
    );
    expect(screens[1]).toBe(screens[0]);
  });

  it.each([
    ['directly', false],
    ['through claudex', true],
  ])(`for the shell, while claude ends, %s ${verifies('terminal-exit')}`, async (_, isThrough) => {
    const driver = await startAndLeave(isThrough);
    driver.write('echo the answer is $((40 + 2))\r');
    process.kill(program(driver, isThrough), 'SIGUSR2');
    await driver.waitForScreen('the answer is 42', patient);
    expect(await screenAtTheEnd(driver)).toContain('left');
  });

  it(`for a claude that takes the terminal again ${verifies('terminal-bytes')}`, async () => {
    const driver = await startAndLeave(true);
    driver.write('both');
    process.kill(program(driver, true), 'SIGUSR1');
    await driver.waitForScreen('again', patient);
    await driver.waitForScreen(Buffer.from('both').toString('hex'), patient);
    driver.write('x');
    await driver.waitForScreen('78', patient);
    process.kill(program(driver, true), 'SIGUSR2');
    await screenAtTheEnd(driver);
  });

  it(`for what claude runs instead of itself, an editor that reads lines ${verifies('terminal-bytes')}`, async () => {
    const home = bed.home();
    const env = withClaudeAlone(home, 'leaves-slowly.mjs', { READS_LINES: '1' });
    const driver = startClaudex([], { cwd: home.cwd, env });
    await driver.waitForScreen('ready', patient);
    driver.write('q');
    await driver.waitForScreen('left', patient);
    driver.write('first\r');
    await driver.waitForScreen('ANSWER first', patient);
    process.kill(childPids(driver.pid)[0]!, 'SIGUSR2');
    expect(await driver.waitForExit(patient)).toEqual({ code: 0, signal: null });
  });
});

/** The fixture, which a shell runs. */
function program(shell: PtyDriver, isThrough: boolean): number {
  const child = childPids(shell.pid)[0]!;
  return isThrough ? childPids(child)[0]! : child;
}
