import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { installClaudex } from '../../../install-scripts/install.ts';
import { readInstalledState } from '../../../install-scripts/installed-state.ts';
import { hookEvents } from '../../../src/claude/hooks/hook-settings.ts';
import { hookEventsOf, leastHookEvents } from '../../../src/claude/session/capabilities.ts';
import { packageRoot } from '../../../src/home/package.ts';

function makeHome(settings?: string) {
  const home = mkdtempSync(join(tmpdir(), 'claudex-state-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  const settingsPath = join(home, '.claude', 'settings.json');
  const env: NodeJS.ProcessEnv = { HOME: home };
  if (settings !== undefined) {
    mkdirSync(join(home, '.claude'));
    writeFileSync(settingsPath, settings);
  }
  return { home, env, settingsPath };
}

test('nothing there, blank, or only the things of the user: absent', () => {
  const nothing = { state: 'absent', hooks: false, statusLine: false, userHasStatusLine: false };
  for (const settings of [
    undefined,
    '',
    '\uFEFF',
    '{}',
    '// mine\n{}',
    '{"hooks":{"Stop":[{"hooks":[{"command":"x"}]}]}}',
  ]) {
    const { env, settingsPath } = makeHome(settings);
    const refused = settings?.startsWith('//') && { refused: `${settingsPath}:1:1` };
    expect(readInstalledState(env)).toEqual({ ...nothing, settingsPath, ...refused });
  }
});

test('installed, with the badge', () => {
  for (const settings of [undefined, '// mine\n{\n  "model": "opus", // good\n}\n']) {
    const { env, settingsPath } = makeHome(settings);
    installClaudex({ env });
    const state = { state: 'installed', hooks: true, statusLine: true, userHasStatusLine: false, settingsPath };
    const refused = settings !== undefined && { refused: `${settingsPath}:1:1` };
    expect(readInstalledState(env)).toEqual({ ...state, ...refused });
  }
});

test('for an older claude: only the events that it knows, and that is all of it', () => {
  const { env, settingsPath } = makeHome();
  installClaudex({ env, claudeVersion: '2.1.70' });
  const events = (): string[] => Object.keys(JSON.parse(readFileSync(settingsPath, 'utf8')).hooks).sort();
  expect(events()).toEqual(hookEvents.filter((event) => event !== 'StopFailure').sort());
  expect(readInstalledState(env, hookEventsOf('2.1.70')).state).toBe('installed');
  expect(readInstalledState(env, leastHookEvents).hooks).toBe(true);
  // claude has been updated since
  expect(readInstalledState(env, hookEventsOf('2.1.332')).state).toBe('partial');
  expect(installClaudex({ env, claudeVersion: '2.1.332' }).changed).toBe(true);
  expect(events()).toEqual([...hookEvents].sort());
  expect(installClaudex({ env, claudeVersion: '2.1.332' }).changed).toBe(false);
  // and an older one again: what it does not know is taken out
  installClaudex({ env, claudeVersion: '2.0.0' });
  expect(events()).toEqual([...leastHookEvents].sort());
});

test('the status line of the user, kept or wrapped', () => {
  const own = '{"statusLine":{"type":"command","command":"x"}}';
  const { env } = makeHome(own);
  expect(readInstalledState(env)).toMatchObject({ state: 'absent', statusLine: false, userHasStatusLine: true });
  installClaudex({ env });
  expect(readInstalledState(env)).toMatchObject({ state: 'installed', statusLine: false, userHasStatusLine: true });
  installClaudex({ env, wrapStatusline: true });
  expect(readInstalledState(env)).toMatchObject({ state: 'installed', statusLine: true, userHasStatusLine: false });
});

test('an event taken out, or the scripts gone: partial', () => {
  for (const event of hookEvents) {
    const { env, settingsPath } = makeHome();
    installClaudex({ env });
    const settings = JSON.parse(readFileSync(settingsPath, 'utf8'));
    delete settings.hooks[event];
    writeFileSync(settingsPath, JSON.stringify(settings));
    expect(readInstalledState(env)).toMatchObject({ state: 'partial', hooks: false, statusLine: true });
  }
  const { env, home } = makeHome();
  installClaudex({ env });
  rmSync(join(home, '.claudex'), { recursive: true });
  expect(readInstalledState(env)).toMatchObject({ state: 'partial', hooks: false, statusLine: false });
});

test('disableAllHooks is named', () => {
  const { env, settingsPath } = makeHome('{"disableAllHooks":true}');
  installClaudex({ env });
  expect(readInstalledState(env)).toMatchObject({
    state: 'installed',
    disabled: expect.stringContaining(`disableAllHooks is true in ${settingsPath}`),
  });
});

test('CLAUDE_CONFIG_DIR names the folder', () => {
  const { env, home } = makeHome();
  const other = { ...env, CLAUDE_CONFIG_DIR: join(home, 'elsewhere') };
  installClaudex({ env: other });
  expect(readInstalledState(other)).toMatchObject({
    state: 'installed',
    settingsPath: join(home, 'elsewhere', 'settings.json'),
  });
  expect(readInstalledState(env).state).toBe('absent');
});

test('plain JSON is read without loading a library', () => {
  const { env } = makeHome();
  installClaudex({ env });
  const call = `
    import { createRequire } from 'node:module';
    import { readInstalledState } from './install-scripts/installed-state.ts';
    const loaded = () => Object.keys(createRequire(import.meta.url).cache).some((path) => path.includes('jsonc-parser'));
    const { state } = readInstalledState(process.env);
    console.log(JSON.stringify({ state, loaded: loaded() }));`;
  const run = () =>
    JSON.parse(
      execFileSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', call], {
        cwd: packageRoot(),
        env,
        encoding: 'utf8',
      }),
    );
  expect(run()).toEqual({ state: 'installed', loaded: false });
  const settingsPath = join(env.HOME!, '.claude', 'settings.json');
  writeFileSync(settingsPath, `// a comment\n${readFileSync(settingsPath, 'utf8')}`);
  expect(run()).toEqual({ state: 'installed', loaded: true });
});
