/**
 * Claude suspends itself on Ctrl-Z: it leaves its terminal modes, says so, and stops its own process group. Behind a pty of
 * ours that group is orphaned, so the stop has no effect and claude would only sit there deaf (facts, section 7).
 * What it says is the one sign of it: measured on 2.1.197 and 2.1.330, pinned by test/e2e/terminal/suspend.test.ts.
 */

/** True when `output` ends in claude's notice that it has suspended itself. */
export function announcesSuspend(output: string): boolean {
  return /uspended\. Run `fg` to bring (?:Claude Code|it) back\.[\s\S]{0,200}$/.test(output);
}

/**
 * Z with modifiers, as the terminals write it to which claude has turned on the kitty protocol or modifyOtherKeys: also with
 * Num Lock, Caps Lock or Shift in the number of the modifiers, and from a layout on which another letter is on that key. Claude
 * takes all of them for Ctrl-Z (measured on 2.1.197 and 2.1.330).
 */
const zWithModifiers = ['\x1b[122', ':122;', ';122~', '\x1b[90;', ';90~'];

/** True when keys from the terminal may contain Ctrl-Z: too often is better than once too seldom, which looks frozen. */
export function holdsCtrlZ(keys: Buffer): boolean {
  return keys.includes(0x1a) || (keys.includes(0x1b) && zWithModifiers.some((part) => keys.includes(part)));
}

/** Ctrl-Z as claude reads it. */
export const ctrlZ = Buffer.from([0x1a]);
