/** Which version a claude is. */
import { spawn } from 'node:child_process';
import { ClaudexError } from '../errors/claudex-error.ts';
import { killTree } from '../process/tree.ts';
import { leadsBack, versionAskedVariable } from './binary.ts';

const maxChars = 10_000;

/**
 * `claude --version` as `2.1.330`, or null when it does not answer within `timeoutMs`; what it has started is ended then. Runs the
 * binary: not for hot paths.
 * @throws ClaudexError CLAUDE_NOT_FOUND when it is a script that starts claudex
 */
export async function claudeVersion(path: string, env: NodeJS.ProcessEnv, timeoutMs = 10_000): Promise<string | null> {
  const child = spawn(path, ['--version'], {
    env: { ...env, [versionAskedVariable]: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  let complained = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(0, maxChars);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complained = (complained + text).slice(0, maxChars);
  });
  const code = await new Promise<number | null>((resolve) => {
    const timer = setTimeout(() => {
      void killTree(child.pid, `${process.pid}-version`).then(() => {
        // one that has cut itself loose may still hold them
        for (const stream of [child.stdout, child.stderr]) stream.destroy();
        resolve(null);
      });
    }, timeoutMs);
    child.once('error', () => resolve(null)); // not runnable here: reported by `status` as a problem
    child.once('close', resolve);
    for (const event of ['error', 'close']) child.once(event, () => clearTimeout(timer));
  });
  if (`${said}${complained}`.includes(leadsBack)) throw new ClaudexError('CLAUDE_NOT_FOUND', leadsBack);
  return code === 0 ? (/\d+\.\d+\.\d+\S*/.exec(said)?.[0] ?? null) : null;
}
