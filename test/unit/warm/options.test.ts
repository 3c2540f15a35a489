import { describe, expect, it } from 'vitest';
import { checkClientOptions, checkRunOptions, claudeArguments } from '../../../src/warm/options.ts';
import { verifies } from '../../requirements.ts';

describe(`the library's options ${verifies('warm-library')}`, () => {
  it.each([
    { poolSize: 0 },
    { poolSize: 1.5 },
    { mode: 'hot' },
    { acquireTimeoutMs: 0 },
    { defaultTimeoutMs: Number.POSITIVE_INFINITY },
    { maxIdleMs: 2 ** 31 },
    { claudeBinary: 7 },
    { poolsize: 2 },
  ])('refuses %j', (options) => {
    expect(() => checkClientOptions(options as never)).toThrowError(
      expect.objectContaining({ code: 'INVALID_OPTIONS' }),
    );
  });

  it.each([
    { signal: {} },
    { cwd: 1 },
    { env: { A: 1 } },
    { allowedTools: 'Read' },
    { mcpConfig: [] },
    { jsonSchema: '{}' },
    { maxTurns: 0 },
    { timeoutMs: -1 },
    { tools: [] },
  ])('refuses %j for a request', (options) => {
    expect(() => checkRunOptions('x', options as never)).toThrowError(
      expect.objectContaining({ code: 'INVALID_OPTIONS' }),
    );
  });

  it('refuses an empty prompt', () => {
    for (const prompt of ['', ' \n', undefined, 1]) expect(() => checkRunOptions(prompt, {})).toThrow(/prompt/);
  });

  it('takes every option that is right, and an undefined one as not given', () => {
    expect(checkClientOptions({ poolSize: 2, mode: 'print', warmupPrompt: 'hi' })).toMatchObject({
      poolSize: 2,
      mode: 'print',
    });
    expect(checkClientOptions({ poolSize: undefined } as never).poolSize).toBe(4);
    const env = { A: '1', B: undefined };
    checkRunOptions('x', { signal: new AbortController().signal, env, mcpConfig: {}, jsonSchema: {}, maxTurns: 1 });
  });

  it('become arguments of claude', () => {
    const args = claudeArguments({
      allowedTools: ['Read', 'Bash(git *)'],
      disallowedTools: ['Write'],
      model: 'sonnet',
      permissionMode: 'plan',
      appendSystemPrompt: '--be brief',
      mcpConfig: { mcpServers: {} },
      jsonSchema: { type: 'object' },
      maxTurns: 2,
    });
    expect(args).toEqual([
      ...['--allowedTools', 'Read', 'Bash(git *)'],
      ...['--disallowedTools', 'Write'],
      ...['--mcp-config', '{"mcpServers":{}}'],
      '--model=sonnet',
      '--permission-mode=plan',
      '--append-system-prompt=--be brief',
      '--json-schema={"type":"object"}',
      '--max-turns=2',
    ]);
    expect(claudeArguments({})).toEqual([]);
  });
});
