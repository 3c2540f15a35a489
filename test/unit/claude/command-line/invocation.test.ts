import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findClaude } from '../../../../src/claude/binary.ts';
import { opensSession } from '../../../../src/claude/command-line/invocation.ts';
import { environmentForClaude } from '../../../../src/claude/environment.ts';
import { capabilitiesOf } from '../../../../src/claude/session/capabilities.ts';
import { isOwnCommand, ownCommands } from '../../../../src/cli/start/own-commands.ts';
import { isAtLeast } from '../../../../src/home/package.ts';
import { verifies } from '../../../requirements.ts';

describe(`which command lines open a session ${verifies('passthrough')}`, () => {
  it.each([
    '',
    '-c',
    '--continue',
    '-r abc',
    '--resume',
    '--model opus',
    '--model=opus',
    '--settings {} --model opus',
    'fix the tests',
    '--dangerously-skip-permissions',
    '--model mcp',
    '--name update',
    '-- mcp',
    '-- -p',
    'hello -- -p',
    '--permission-mode plan do it',
    // the word is the option's value
    '--debug mcp list',
    '-r update',
    '--from-pr doctor',
    '-w plugin',
    '--add-dir /a /b mcp',
    '--tools Bash mcp',
  ])('claude %s: yes', (line) => {
    expect(opensSession(line.split(' ').filter(Boolean))).toBe(true);
  });

  it.each([
    '-p',
    '--print hello',
    'hello -p',
    '--model opus -p hello',
    '-v',
    '--version',
    '--help',
    '-h',
    'mcp list',
    'mcp --help',
    'update',
    'doctor',
    'agents',
    '--model opus mcp list',
    '--bg do it',
    '--debug --model opus mcp list',
    '--debug=api mcp list',
    '--add-dir /a --verbose update',
    'plugin install x',
    'setup-token',
  ])('claude %s: no', (line) => {
    expect(opensSession(line.split(' '))).toBe(false);
  });

  it('our own words are ours only as they are', () => {
    for (const word of [...ownCommands, '--help', '-v']) expect(isOwnCommand(word)).toBe(true);
    for (const word of [undefined, '', 'Send', 'sendd', '-p', '--continue', 'mcp', 'run', '--']) {
      expect(isOwnCommand(word)).toBe(false);
    }
  });
});

describe(`environment for claude ${verifies('clean-environment')}`, () => {
  it('drops what an outer session set and keeps what the user set', () => {
    const env = {
      PATH: '/bin',
      CLAUDE_CODE_USE_BEDROCK: '1',
      CLAUDE_CONFIG_DIR: '/c',
      ANTHROPIC_API_KEY: 'k',
      EMPTY: '',
    };
    const outer = {
      CLAUDECODE: '1',
      CLAUDE_CODE_ENTRYPOINT: 'cli',
      CLAUDE_CODE_SESSION_ID: 's',
      CLAUDE_CODE_CHILD_SESSION: '1',
      CLAUDE_CODE_MESSAGING_SOCKET: '/s',
      CLAUDE_PID: '1',
      GONE: undefined,
    };
    const given = { ...env, ...outer };
    expect(environmentForClaude(given)).toEqual(env);
    expect(given.CLAUDECODE).toBe('1');
  });

  it('keeps what a person may have set where no claude is around', () => {
    const own = { CLAUDE_ENV_FILE: '/f', CLAUDE_EFFORT: 'high', GIT_EDITOR: 'true', AI_AGENT: 'mine' };
    expect(environmentForClaude(own)).toEqual(own);
    for (const mark of ['CLAUDECODE', 'CLAUDE_CODE_SESSION_ID']) {
      expect(environmentForClaude({ ...own, GIT_EDITOR: 'vi', [mark]: '1' })).toEqual({ GIT_EDITOR: 'vi' });
    }
  });
});

describe('capabilities by version', () => {
  it.each([
    ['2.1.163', '2.1.163', true],
    ['2.1.162', '2.1.163', false],
    ['2.2.0', '2.1.163', true],
    ['3.0', '2.1.163', true],
    ['2.1', '2.1.1', false],
    ['2.1.99', '2.1.107', false],
    ['2.1.1000', '2.1.107', true],
    ['2.1.163-beta.1', '2.1.163', true],
    ['next', '2.1.163', true],
    [null, '2.1.163', true],
  ])('%s is at least %s: %s', (version, wanted, answer) => {
    expect(isAtLeast(version, wanted)).toBe(answer);
  });

  it('knows both test versions and an old one', () => {
    for (const version of ['2.1.197', '2.1.330', null]) {
      expect(capabilitiesOf(version)).toEqual({ stopAdditionalContext: true });
    }
    expect(capabilitiesOf('2.1.120')).toEqual({ stopAdditionalContext: false });
    expect(capabilitiesOf('2.0.5')).toEqual({ stopAdditionalContext: false });
  });
});

describe(`finding claude ${verifies('never-itself')}`, () => {
  let root: string;
  const file = (path: string, mode = 0o755): string => {
    const full = join(root, path);
    mkdirSync(join(full, '..'), { recursive: true });
    writeFileSync(full, '#!/bin/sh\n', { mode });
    return full;
  };
  const link = (target: string, path: string): string => {
    const full = join(root, path);
    mkdirSync(join(full, '..'), { recursive: true });
    symlinkSync(target, full);
    return full;
  };
  beforeEach(() => {
    root = realpathSync(mkdtempSync(join(tmpdir(), 'cxt-bin-')));
    file('claudex/bin/claudex.js');
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));
  const find = (env: Record<string, string>, setting?: string) => findClaude({ env, setting });
  const paths = (...dirs: string[]): string => dirs.map((dir) => join(root, dir)).join(':');

  it('takes the first in PATH that runs and is not ourselves', () => {
    link(join(root, 'claudex/bin/claudex.js'), 'a/claude');
    file('b/claude', 0o644);
    mkdirSync(join(root, 'c/claude'), { recursive: true });
    link('/nowhere', 'd/claude');
    const real = file('e/claude');
    file('f/claude');
    expect(find({ PATH: paths('a', 'b', 'c', 'd', 'missing', 'e', 'f') })).toBe(real);
  });

  it('takes CLAUDEX_CLAUDE_BIN, then the setting, then PATH', () => {
    const [first, second, third] = [file('1/claude'), file('2/claude'), file('3/claude')];
    expect(find({ CLAUDEX_CLAUDE_BIN: first, PATH: paths('3') }, second)).toBe(first);
    expect(find({ CLAUDEX_CLAUDE_BIN: '', PATH: paths('3') }, second)).toBe(second);
    expect(find({ PATH: paths('3') })).toBe(third);
  });

  it('takes the real claude that lies in our own node_modules', () => {
    const real = file('claudex/node_modules/.bin/claude');
    expect(find({ PATH: join(real, '..') })).toBe(real);
  });

  it('sees through a chain of links', () => {
    const inner = link(join(root, 'claudex/bin/claudex.js'), 'x/inner');
    link(inner, 'a/claude');
    expect(() => find({ PATH: paths('a') })).toThrow(
      expect.objectContaining({ code: 'CLAUDE_NOT_FOUND', message: expect.stringContaining('claudex itself') }),
    );
  });

  it('says what is wrong with the one it was told to take, and does not look further', () => {
    const real = file('e/claude');
    const PATH = join(real, '..');
    for (const named of [join(root, 'nothing'), join(root, 'claudex/bin/claudex.js'), root]) {
      expect(() => find({ CLAUDEX_CLAUDE_BIN: named, PATH })).toThrow(
        expect.objectContaining({ code: 'CLAUDE_NOT_FOUND', facts: expect.stringContaining(named) }),
      );
    }
    expect(() => find({ PATH: '' })).toThrow(expect.objectContaining({ code: 'CLAUDE_NOT_FOUND' }));
  });
});
