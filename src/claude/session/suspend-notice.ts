/**
 * On Ctrl-Z claude leaves its terminal modes, prints a notice, and stops its own process group. Behind our pty that group is
 * orphaned, so the stop has no effect: claude would go on running and read nothing (docs/claude-facts.md#ways-in). The notice is
 * the only sign of it.
 */

/** True when `output` ends in claude's notice that it has suspended itself. */
export function announcesSuspend(output: string): boolean {
  return /uspended\. Run `fg` to bring (?:Claude Code|it) back\.[\s\S]{0,200}$/.test(output);
}

/**
 * Ctrl-Z as a terminal writes it after claude has turned on the kitty protocol or modifyOtherKeys. The number of the modifiers may
 * hold Num Lock, Caps Lock or Shift as well. On some keyboard layouts the key has another letter. Claude takes all of these for
 * Ctrl-Z (test/e2e/terminal/suspend.test.ts).
 */
const zWithModifiers = ['\x1b[122', ':122;', ';122~', '\x1b[90;', ';90~'];

/** True when keys from the terminal may contain Ctrl-Z: too often is better than once too seldom, which looks frozen. */
export function holdsCtrlZ(keys: Buffer): boolean {
  return keys.includes(0x1a) || (keys.includes(0x1b) && zWithModifiers.some((part) => keys.includes(part)));
}

/** Ctrl-Z as claude reads it. */
export const ctrlZ = Buffer.from([0x1a]);
