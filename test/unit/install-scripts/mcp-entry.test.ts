/** Our MCP server in .claude.json, where there is no claude that could write it: a minimal edit, and exactly that out again. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { installClaudex } from '../../../install-scripts/install.ts';
import { installMcpServer, readMcpState, uninstallMcpServer } from '../../../install-scripts/mcp-entry.ts';
import { packageRoot } from '../../../src/home/package.ts';
import { verifies } from '../../requirements.ts';

function makeHome(config?: string, extra: NodeJS.ProcessEnv = {}) {
  const home = mkdtempSync(join(tmpdir(), 'claudex-mcp-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  const env: NodeJS.ProcessEnv = { HOME: home, PATH: '/nonexistent', ...extra };
  mkdirSync(join(home, '.claudex'), { mode: 0o700 });
  const path = join(home, '.claude.json');
  if (config !== undefined) writeFileSync(path, config);
  return { home, env, path, read: () => readFileSync(path, 'utf8') };
}

const foreign = '{"mcpServers":{"claudex":{"type":"stdio","command":"other","args":[]}}}';

describe(`the MCP server without claude’s help ${verifies('mcp-install')}`, () => {
  it.each([
    ['two spaces', '{\n  "numStartups": 3,\n  "projects": {\n    "/a": {}\n  }\n}'],
    ['other servers', '{\n  "mcpServers": {\n    "x": {\n      "command": "x"\n    }\n  },\n  "a": 1\n}\n'],
    ['no servers yet', '{\n  "mcpServers": {}\n}\n'],
  ])('adds one entry and takes it out again to the byte: %s', (_, before) => {
    const { env, read } = makeHome(before);
    expect(installMcpServer({ env })).toMatchObject({ changed: true });
    expect(readMcpState(env).state).toBe('installed');
    const { mcpServers, ...rest } = JSON.parse(read());
    const { mcpServers: serversBefore, ...restBefore } = JSON.parse(before);
    expect(rest).toEqual(restBefore);
    expect(mcpServers).toEqual({
      ...serversBefore,
      claudex: {
        type: 'stdio',
        command: process.execPath,
        args: [join(packageRoot(), 'bin', 'claudex.js'), 'mcp-server'],
      },
    });
    expect(installMcpServer({ env })).toEqual({ changed: false, lines: [] });
    expect(uninstallMcpServer({ env })).toMatchObject({ changed: true });
    expect(read()).toBe(before);
    expect(uninstallMcpServer({ env })).toEqual({ changed: false, lines: [] });
  });

  it('leaves no file where there was none, and keeps one that claude has used since', () => {
    const { env, path } = makeHome();
    installMcpServer({ env });
    expect(existsSync(path)).toBe(true);
    uninstallMcpServer({ env });
    expect(existsSync(path)).toBe(false);
    installMcpServer({ env });
    writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), numStartups: 1 }));
    uninstallMcpServer({ env });
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({ numStartups: 1 });
  });

  it('keeps what install has recorded, whichever comes first', () => {
    const { env, path } = makeHome();
    installMcpServer({ env });
    installClaudex({ env });
    uninstallMcpServer({ env });
    expect(existsSync(path)).toBe(false);
  });

  it('a dry run says the entry and writes nothing', () => {
    const { env, path } = makeHome();
    const { changed, lines } = installMcpServer({ env, dryRun: true });
    expect([changed, lines.join()]).toEqual([true, expect.stringContaining('mcpServers.claudex')]);
    expect(existsSync(path)).toBe(false);
    installMcpServer({ env });
    const before = readFileSync(path, 'utf8');
    expect(uninstallMcpServer({ env, dryRun: true })).toMatchObject({ changed: true });
    expect(readFileSync(path, 'utf8')).toBe(before);
  });

  it('leaves an entry of our name that is not ours', () => {
    const { env, read } = makeHome(foreign);
    expect(readMcpState(env).state).toBe('foreign');
    expect(installMcpServer({ env })).toMatchObject({ changed: false, lines: [expect.stringContaining('not ours')] });
    expect(uninstallMcpServer({ env }).changed).toBe(false);
    expect(read()).toBe(foreign);
  });

  it('brings an entry of another place up to date', () => {
    const { env, read } = makeHome(
      '{"mcpServers":{"claudex":{"type":"stdio","command":"node","args":["/gone/bin/claudex.js","mcp-server"],"env":{}}}}',
    );
    expect(readMcpState(env).state).toBe('stale');
    expect(installMcpServer({ env }).changed).toBe(true);
    expect(read()).not.toContain('/gone');
  });

  it.each(['{', '[]', '"x"', '{"a":1,}x'])('leaves a file alone that is no JSON object: %s', (config) => {
    const { env, read } = makeHome(config);
    expect(installMcpServer({ env })).toMatchObject({
      changed: false,
      lines: [expect.stringContaining('cannot be read')],
    });
    uninstallMcpServer({ env });
    expect(read()).toBe(config);
  });

  it('goes into CLAUDE_CONFIG_DIR, and is found there again without it', () => {
    const { home, env, path } = makeHome('{}');
    const configDir = join(home, 'other config');
    mkdirSync(configDir);
    installMcpServer({ env: { ...env, CLAUDE_CONFIG_DIR: configDir } });
    expect(readFileSync(path, 'utf8')).toBe('{}');
    expect(readFileSync(join(configDir, '.claude.json'), 'utf8')).toContain('mcp-server');
    expect(uninstallMcpServer({ env }).lines).toEqual([expect.stringContaining('other config')]);
    expect(existsSync(join(configDir, '.claude.json'))).toBe(false);
  });

  it('tells the server of a claudex folder that is not the usual one', () => {
    const { home, env, read } = makeHome('{}');
    const CLAUDEX_HOME = join(home, 'elsewhere');
    mkdirSync(CLAUDEX_HOME, { mode: 0o700 });
    installMcpServer({ env: { ...env, CLAUDEX_HOME } });
    expect(JSON.parse(read()).mcpServers.claudex.env).toEqual({ CLAUDEX_HOME });
  });
});
