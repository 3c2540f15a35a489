/** `claudex status` names what is wrong by the codes of the one catalogue, each with its fix. */
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { installClaudex } from '../../../../install-scripts/install.ts';
import { readStatus } from '../../../../src/cli/commands/status.ts';
import { errorCatalogue } from '../../../../src/errors/catalogue.ts';

it('names broken settings and switched-off hooks as the catalogue does', async () => {
  const home = mkdtempSync(join(tmpdir(), 'claudex-status-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  mkdirSync(join(home, '.claude'));
  mkdirSync(join(home, '.claudex'), { mode: 0o700 });
  writeFileSync(join(home, '.claude', 'settings.json'), '{"disableAllHooks":true}');
  writeFileSync(join(home, '.claudex', 'config.json'), '{ not json');
  mkdirSync(join(home, '.claudex', 'managed'));
  writeFileSync(join(home, '.claudex', 'managed', 'k7m2p9qd.json.damaged'), '{');
  const { problems } = await readStatus({ HOME: home, PATH: process.env.PATH, CLAUDEX_CLAUDE_BIN: process.execPath });
  expect(problems.map(({ code }) => code)).toEqual(['CONFIG_UNREADABLE', 'MANAGED_DAMAGED', 'HOOKS_DISABLED']);
  for (const { code, message, fix } of problems) {
    expect(message.startsWith(errorCatalogue[code].text)).toBe(true);
    expect(message.length).toBeGreaterThan(errorCatalogue[code].text.length);
    expect(fix).toBe(errorCatalogue[code].fix);
  }
});

it('names hook scripts of another claudex', async () => {
  const home = mkdtempSync(join(tmpdir(), 'claudex-status-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  const env = { HOME: home, PATH: process.env.PATH, CLAUDEX_CLAUDE_BIN: process.execPath };
  const codes = async () => (await readStatus(env)).problems.map(({ code }) => code);
  installClaudex({ env });
  expect(await codes()).toEqual([]);
  appendFileSync(join(home, '.claudex', 'hooks', 'claudex-hook'), '# of yesterday\n');
  expect(await codes()).toEqual(['INSTALL_STALE']);
  installClaudex({ env });
  expect(await codes()).toEqual([]);
});
