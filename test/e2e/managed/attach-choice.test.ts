/** `attach` without a target, where several run: a choice on a terminal, an error elsewhere. */
import { describe, expect, it } from 'vitest';
import { verifies } from '../../requirements.ts';
import { realClaudeVersion } from '../../support/claude-binary.ts';
import { runClaudex, startClaudex } from '../../support/claudex.ts';
import { useTestBed } from '../../support/test-bed.ts';

describe(`attach without a target, claude ${realClaudeVersion()}`, () => {
  const bed = useTestBed();

  it(`shows the one that is chosen; what is no number of the list is an error ${verifies('managed-outlives-terminal')}`, async () => {
    const home = bed.home({ cwdNames: ['one', 'two'] });
    const api = await bed.api({ text: 'an answer' });
    const env = home.env(api);
    for (const name of ['one', 'two']) {
      const started = await runClaudex(['start', home.dir(name), '--name', name], { env, cwd: home.root });
      expect(started).toMatchObject({ code: 0, stderr: '' });
    }
    const attach = () => startClaudex(['attach'], { cwd: home.root, env });
    const viewer = attach();
    const list = await viewer.waitForScreen('Which (1-2)?');
    const number = /(\d) {2}\w+ \(two\)/.exec(list)![1]!;
    viewer.type(number);
    viewer.key('enter');
    await viewer.waitForScreen(home.dir('two'));
    viewer.key('ctrl-\\');
    expect(await viewer.waitForExit()).toEqual({ code: 0, signal: null });

    const undecided = attach();
    await undecided.waitForScreen('Which (1-2)?');
    undecided.type('9');
    undecided.key('enter');
    expect(await undecided.waitForExit()).toMatchObject({ code: 3 });
    expect(await runClaudex(['peek'], { env, cwd: home.root })).toMatchObject({ code: 3, stdout: '' });
  });
});
