/** The unit and the agent that start the daemon, read as the system reads them. */
import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { launchdAgent, systemdUnit, systemdUnitName } from '../../../../src/cli/service/service-text.ts';
import { verifies } from '../../../requirements.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

const command = {
  node: '/usr/bin/node',
  claudex: '/opt/claudex/bin/claudex.js',
  errorLog: '/x/service.log',
  home: undefined,
};
const odd = '/o d/"quo\\te" 5% $HOME <&>';
const verifier = '/usr/bin/systemd-analyze';

/** The plist's dictionary; strict: what it does not know it refuses. */
function readPlist(text: string): unknown {
  const tokens = text.replace(/^<\?xml[^>]*\?>\s*<!DOCTYPE[^>]*>\s*/, '').match(/<[^>]*>|[^<]+/g) ?? [];
  const words = tokens.map((token) => (token.startsWith('<') ? token : token.replace(/^\s+$/, ''))).filter(Boolean);
  const next = (): string => words.shift() ?? '';
  const expectWord = (wanted: string): void => expect(next()).toBe(wanted);
  const unescaped = (value: string): string =>
    value.replace(/&(lt|gt|amp);/g, (_, name: string) => ({ lt: '<', gt: '>', amp: '&' })[name]!);
  const value = (): unknown => {
    const tag = next();
    if (tag === '<true/>') return true;
    if (tag === '<false/>') return false;
    if (tag === '<string>') {
      const read = unescaped(next());
      expectWord('</string>');
      return read;
    }
    if (tag === '<array>') {
      const all: unknown[] = [];
      while (words[0] !== '</array>') all.push(value());
      next();
      return all;
    }
    expect(tag).toBe('<dict>');
    const all: Record<string, unknown> = {};
    while (words[0] !== '</dict>') {
      expectWord('<key>');
      const key = next();
      expectWord('</key>');
      all[key] = value();
    }
    next();
    return all;
  };
  expectWord('<plist version="1.0">');
  const read = value();
  expectWord('</plist>');
  return read;
}

describe(`the service ${verifies('service')}`, () => {
  it('is this unit: hosts outlive it, and sockets in the temporary folder are seen', () => {
    expect(systemdUnit(command)).toBe(`[Unit]
Description=claudex: managed Claude Code sessions and their messages

[Service]
Type=exec
ExecStart="/usr/bin/node" "/opt/claudex/bin/claudex.js" "daemon" "run"
KillMode=process
Restart=on-failure
RestartSec=2

[Install]
WantedBy=default.target
`);
    expect(systemdUnit({ ...command, home: odd })).toContain(
      'Environment="CLAUDEX_HOME=/o d/\\"quo\\\\te\\" 5%% $HOME <&>"\n',
    );
    expect(systemdUnit({ ...command, claudex: odd })).toContain('"/o d/\\"quo\\\\te\\" 5%% $$HOME <&>"');
  });

  // the text is compared above; where systemd is there, it reads it too
  it.runIf(existsSync(verifier)).each([command, { ...command, home: odd }])(
    'systemd-analyze verify passes: %#',
    (one) => {
      const path = join(temporaryFolder(), systemdUnitName);
      // it looks whether what is started is there
      writeFileSync(path, systemdUnit({ ...one, node: process.execPath }));
      const env = { ...process.env, XDG_RUNTIME_DIR: temporaryFolder() };
      const said = execFileSync(verifier, ['verify', '--user', path], { encoding: 'utf8', stdio: 'pipe', env });
      expect(said).toBe('');
    },
  );

  it('is this agent', () => {
    expect(readPlist(launchdAgent({ ...command, home: odd }))).toEqual({
      Label: 'claudex.daemon',
      ProgramArguments: ['/usr/bin/node', '/opt/claudex/bin/claudex.js', 'daemon', 'run'],
      EnvironmentVariables: { CLAUDEX_HOME: odd },
      RunAtLoad: true,
      KeepAlive: { SuccessfulExit: false },
      AbandonProcessGroup: true,
      StandardErrorPath: '/x/service.log',
    });
  });
});
