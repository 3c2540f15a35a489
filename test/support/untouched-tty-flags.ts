import type { HermeticHome } from './hermetic-home.ts';
import { startInPty } from './pty-driver.ts';

/** What `stty -a` says of a new terminal of that size in which nobody has changed a thing. */
export async function untouchedTtyFlags(
  home: HermeticHome,
  size: { cols?: number; rows?: number } = {},
): Promise<string> {
  const idle = startInPty('/bin/cat', [], { cwd: home.cwd, env: home.env(), ...size });
  const flags = idle.ttyFlags();
  await idle.dispose();
  return flags;
}
