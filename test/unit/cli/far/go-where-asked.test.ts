/** Which words go to another machine. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { farCommands, goWhereAsked } from '../../../../src/cli/far/go-where-asked.ts';
import { isOwnCommand, ownCommands } from '../../../../src/cli/start/own-commands.ts';
import { elsewhere } from '../../../../src/daemon-client/elsewhere.ts';
import { verifies } from '../../../requirements.ts';

describe(`--host ${verifies('far-commands')}`, () => {
  it('stands in front of a command of ours, in both ways to write it; anywhere else it is not ours', () => {
    expect(['--host', '--host=devbox', 'host'].map(isOwnCommand)).toEqual([true, true, true]);
    expect(['--hostname', '--hosts=x', '-host'].map(isOwnCommand)).toEqual([false, false, false]);
    expect(farCommands.filter((word) => !isOwnCommand(word))).toEqual([]);
  });

  it.each([
    ['nothing', ['--host', 'devbox'], 'NOT_FROM_AFAR'],
    ["claude's own option", ['--host=devbox', '--continue'], 'NOT_FROM_AFAR'],
    ...ownCommands
      .filter((word) => !farCommands.includes(word))
      .map((word): [string, string[], string] => [word, ['--host', 'devbox', word], 'NOT_FROM_AFAR']),
    ['no machine', ['--host'], 'USAGE'],
    ['a text that has --help in it', ['--host', 'devbox', 'name', '--', 'explain', '--help'], 'NOT_FROM_AFAR'],
    ['a text that has -h in it', ['--host', 'devbox', 'name', '--', '-h'], 'NOT_FROM_AFAR'],
  ])('with %s behind it says what works', async (_what, words, code) => {
    await expect(goWhereAsked(words)).rejects.toMatchObject({ code });
    expect(elsewhere()).toBeUndefined();
  });

  it('CLAUDEX_HOST: what is about sessions and works here alone is refused, what is about this machine is not', async () => {
    const before = process.env.CLAUDEX_HOST;
    onTestFinished(() => {
      if (before === undefined) delete process.env.CLAUDEX_HOST;
      else process.env.CLAUDEX_HOST = before;
    });
    process.env.CLAUDEX_HOST = 'devbox';
    for (const word of ['down', 'up', 'board', 'name', 'usage']) {
      await expect(goWhereAsked([word])).rejects.toMatchObject({ code: 'NOT_FROM_AFAR' });
    }
    for (const word of ['install', 'daemon', 'web', 'mesh', 'config'])
      expect(await goWhereAsked([word])).toEqual([word]);
    expect(elsewhere()).toBeUndefined();
  });

  it('help goes nowhere, and without it the words are as they were', async () => {
    expect(await goWhereAsked(['--host=devbox', 'list', '--help'])).toEqual(['list', '--help']);
    expect(await goWhereAsked(['web', '--host', '0.0.0.0'])).toEqual(['web', '--host', '0.0.0.0']);
    expect(elsewhere()).toBeUndefined();
  });
});
