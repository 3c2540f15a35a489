/** Two versions of claudex on one home: the newer daemon takes over, whoever starts it, and nothing is lost on the way. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageVersion } from '../../../src/home/package.ts';
import { verifies } from '../../requirements.ts';
import { runClaudex } from '../../support/claudex.ts';
import { daemonClient, sendMessage, waitForMessage, waitForSessionRecord } from '../../support/daemon-watch.ts';
import { copyPackage } from '../../support/package-copy.ts';
import { isAlive } from '../../support/processes.ts';
import { startInPty } from '../../support/pty-driver.ts';
import { countInTranscripts, waitForPromptBox } from '../../support/real-claude.ts';
import { run } from '../../support/run-command.ts';
import { withStandIn } from '../../support/stand-in.ts';
import { useTestBed } from '../../support/test-bed.ts';
import { waitForFile } from '../../support/wait-for-file.ts';

const patient = { timeoutMs: 45_000 };

describe(`version skew ${verifies('one-daemon', 'daemon-comes-back')}`, () => {
  const bed = useTestBed();

  const pidIn = (stdout: string): number => Number(/pid (\d+)/.exec(stdout)?.[1]);

  it('a newer command replaces an older daemon; sessions and messages go over; an older command uses the newer one', async () => {
    const home = bed.home();
    const older = copyPackage(join(home.root, 'older'), '0.0.1');
    const env = withStandIn(home);
    const runOlder = (...args: string[]) => run(process.execPath, [older, ...args], { env, cwd: home.cwd });

    const driver = startInPty(process.execPath, [older], { cwd: home.cwd, env });
    await waitForPromptBox(driver, { content: '', ...patient });
    const log = join(home.claudexHome, 'logs', 'daemon.log');
    await waitForFile(log, (text) => text?.includes('"session started"'), patient);
    const started = await runOlder('daemon', 'start');
    expect(started.stdout).toContain('version 0.0.1');
    const held = await runOlder('send', home.cwd, '--delay', '1h', 'for later');
    expect(held.code).toBe(0);

    const replaced = await runClaudex(['daemon', 'start'], { env, cwd: home.cwd });
    expect(replaced.stderr).toBe('');
    expect(replaced.stdout).toContain(`version ${packageVersion()}`);
    expect(pidIn(replaced.stdout)).not.toBe(pidIn(started.stdout));
    expect(isAlive(pidIn(started.stdout))).toBe(false);
    expect(await daemonClient(home).message(held.stdout.trim())).toMatchObject({ state: 'queued', body: 'for later' });

    // the older supervisor has come back to the newer daemon, and types for it
    const session = await waitForSessionRecord(home, (one) => one.supervised);
    const id = await sendMessage(home, [session.id, '--route', 'paste', 'across versions']);
    expect(await waitForMessage(home, id, ['answered'])).toMatchObject({ route: 'paste', attempts: 1 });
    expect(countInTranscripts(home, id)).toBe(1);

    const used = await runOlder('daemon', 'start');
    expect(pidIn(used.stdout)).toBe(pidIn(replaced.stdout));
    expect(readFileSync(log, 'utf8').match(/"reason":"replaced"/g)).toHaveLength(1);
  });
});
