/** Small programs that stand in for claude where the terminal is measured. */
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A shell script in `folder`; returns its path. */
export function writeProgram(folder: string, name: string, script: string): string {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}
