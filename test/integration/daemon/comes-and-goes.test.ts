/** The daemon comes when it is needed and goes when it is not, and whoever works with it finds the next one. */
import { describe, expect, it } from 'vitest';
import { verifies } from '../../requirements.ts';
import { withClaude } from '../../support/claude-wrapper.ts';
import { runClaudex, startClaudex } from '../../support/claudex.ts';
import { sendMessage, waitForMessage, waitForSessionRecord } from '../../support/daemon-watch.ts';
import type { HermeticHome } from '../../support/hermetic-home.ts';
import { waitForPromptBox } from '../../support/real-claude.ts';
import { useTestBed } from '../../support/test-bed.ts';

const patient = { timeoutMs: 45_000 };

describe('the daemon comes and goes', () => {
  const bed = useTestBed();

  async function supervisedSession(home: HermeticHome) {
    const env = withClaude(home, 'fake-tui.mjs', {}, true);
    const driver = startClaudex([], { cwd: home.cwd, env });
    await waitForPromptBox(driver, { content: '', ...patient });
    const session = await waitForSessionRecord(home, (one) => one.supervised && one.state === 'idle');
    return { driver, session, env };
  }

  it(`a session finds its way back after uninstall --purge ${verifies('daemon-comes-back')}`, async () => {
    const home = bed.home();
    const { env } = await supervisedSession(home);
    expect(await runClaudex(['uninstall', '--purge'], { env, cwd: home.root })).toMatchObject({ code: 0, stderr: '' });
    expect(await runClaudex(['daemon', 'start'], { env, cwd: home.root })).toMatchObject({ code: 0 });
    const session = await waitForSessionRecord(home, (one) => one.supervised && one.state === 'idle');
    const id = await sendMessage(home, [session.id, 'after the purge']);
    expect(await waitForMessage(home, id, ['answered'])).toMatchObject({ route: 'paste', attempts: 1 });
  });
});
