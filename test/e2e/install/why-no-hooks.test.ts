/** What switches hooks off on the real claude, and that each of it is named as the reason. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { whyNoHooks } from '../../../src/claude/hooks/why-no-hooks.ts';
import { verifies } from '../../requirements.ts';
import { realClaudeVersion } from '../../support/claude-binary.ts';
import { createHookLog } from '../../support/hook-log.ts';
import { startBareClaude, submitPrompt, waitForPromptBox } from '../../support/real-claude.ts';
import { useTestBed } from '../../support/test-bed.ts';

describe(`why claude runs no hook, claude ${realClaudeVersion()}`, () => {
  const bed = useTestBed();

  /** A turn, and the hook events that came of it. */
  async function eventsOfATurn(setting: { path?: string; value?: object; args?: string[] }) {
    const home = bed.home();
    const hooks = createHookLog(home);
    const api = await bed.api({ text: 'the answer' });
    if (setting.path !== undefined) {
      const file = join(home.root, setting.path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, JSON.stringify(setting.value));
    }
    const { args = [] } = setting;
    const driver = startBareClaude(home, { api, settings: hooks.settings, args });
    await waitForPromptBox(driver);
    await submitPrompt(driver, 'a prompt');
    await driver.waitForScreen('the answer');
    const why = whyNoHooks({ cwd: home.cwd, args, env: home.env(api) });
    return { names: hooks.names(), why };
  }

  it('without any of it they run, and no reason is named', async () => {
    const { names, why } = await eventsOfATurn({});
    expect(names).toContain('UserPromptSubmit');
    expect(why).toEqual([]);
  });

  it.each([
    'home/.claude/settings.json',
    'work/project/.claude/settings.json',
    'work/project/.claude/settings.local.json',
  ])(`disableAllHooks in %s ${verifies('hook-trace')}`, async (path) => {
    const { names, why } = await eventsOfATurn({ path, value: { disableAllHooks: true } });
    expect(names).toEqual([]);
    expect(why).toEqual([expect.stringContaining(`disableAllHooks is true in /`)]);
  });

  it('--bare', async () => {
    const { names, why } = await eventsOfATurn({ args: ['--bare'] });
    expect(names).toEqual([]);
    expect(why).toEqual(['it was started with --bare']);
  });
});
