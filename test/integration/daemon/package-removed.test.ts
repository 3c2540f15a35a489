/** The package is removed (npm uninstall, another Node by nvm) under what runs from it: sessions and MCP servers live on. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { verifies } from '../../requirements.ts';
import { runClaudex } from '../../support/claudex.ts';
import { daemonClient, sendMessage, waitForMessage, waitForSessionRecord } from '../../support/daemon-watch.ts';
import { startMcpClient } from '../../support/mcp-client.ts';
import { copyPackage } from '../../support/package-copy.ts';
import { startInPty } from '../../support/pty-driver.ts';
import { userMessagesInTranscript, waitForPromptBox } from '../../support/real-claude.ts';
import { withStandIn } from '../../support/stand-in.ts';
import { useTestBed } from '../../support/test-bed.ts';

const patient = { timeoutMs: 45_000 };

describe(`the package is removed ${verifies('package-removed')}`, () => {
  const bed = useTestBed();

  it('a session keeps its draft, is typed into, and finds the daemon of the next installation', async () => {
    const home = bed.home();
    const env = withStandIn(home);
    const root = join(home.root, 'package');
    const driver = startInPty(process.execPath, [copyPackage(root)], { cwd: home.cwd, env });
    await waitForPromptBox(driver, { content: '', ...patient });
    const session = await waitForSessionRecord(home, (one) => one.supervised && one.state === 'idle');
    driver.type('my draft');
    await waitForPromptBox(driver, { content: 'my draft', ...patient });
    rmSync(root, { recursive: true });

    // whether the box is empty is now read from the screen, with a library of the package's
    const id = await sendMessage(home, [session.id, '--route', 'paste', 'after the removal']);
    await waitForMessage(home, id, ['queued']);
    driver.type(' goes on');
    await waitForPromptBox(driver, { content: 'my draft goes on', ...patient });
    driver.key('enter');
    expect(await waitForMessage(home, id, ['delivered', 'answered'])).toMatchObject({ route: 'paste' });
    expect(userMessagesInTranscript(home)).toEqual(['my draft goes on', expect.stringContaining('after the removal')]);

    // it cannot start a daemon any more; keys are answered all the same, and another's daemon is found
    process.kill((await daemonClient(home).status()).pid, 'SIGKILL');
    driver.type('still here');
    await waitForPromptBox(driver, { content: 'still here', ...patient });
    driver.key('ctrl-u');
    await runClaudex(['daemon', 'start'], { env, cwd: home.cwd });
    const again = await waitForSessionRecord(home, (one) => one.supervised && one.state === 'idle');
    expect(again.id).toBe(session.id);
  });

  it('an MCP server says what is wrong when there is no daemon, and serves again when there is one', async () => {
    const home = bed.home();
    const root = join(home.root, 'package');
    const { call } = await startMcpClient(home, {}, copyPackage(root));
    rmSync(root, { recursive: true });
    const refused = await call('list_instances');
    expect(refused).toMatchObject({ isError: true, text: expect.stringContaining('The files of claudex are gone.') });
    await runClaudex(['daemon', 'start'], { env: home.env(), cwd: home.cwd });
    expect(await call('list_instances')).toMatchObject({ isError: false });
  });
});
