/** What claude's shell finds in its environment, with and without claudex, and inside another claude. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { verifies } from '../../requirements.ts';
import { realClaudePath } from '../../support/claude-binary.ts';
import { runClaudex } from '../../support/claudex.ts';
import { run } from '../../support/run-command.ts';
import { callsTool, scriptedTools } from '../../support/scripted-tools.ts';
import { useTestBed } from '../../support/test-bed.ts';

describe(`the environment of claude’s shell ${verifies('clean-environment')}`, () => {
  const bed = useTestBed();
  const print = [
    '-p',
    callsTool('Bash', { command: 'env | sort', description: 'x' }),
    '--dangerously-skip-permissions',
  ];

  /** Variables by name, but for what names one process or session. */
  function parse(text: string): Record<string, string> {
    const lines = text.split('\n').map((line) => /^(\w+)=(.*)$/.exec(line));
    const passing =
      /^(CLAUDE_CODE_SESSION_ID|CLAUDE_PID|CLAUDE_CODE_MESSAGING_\w+|CLAUDE_CODE_CHILD_NOTES_DIR|SHLVL|OLDPWD|_)$/;
    return Object.fromEntries(
      lines.flatMap((match) => (match && !passing.test(match[1]!) ? [[match[1], match[2]]] : [])),
    );
  }

  it('is the person’s own, CLAUDE_ENV_FILE and what claude might have set included', async () => {
    const home = bed.home();
    const api = await bed.api(scriptedTools);
    const file = join(home.root, 'env-file');
    writeFileSync(file, 'export FROM_ENV_FILE=yes\n');
    const own = { CLAUDE_ENV_FILE: file, CLAUDE_EFFORT: 'high', GIT_EDITOR: 'true', AI_AGENT: 'mine' };
    const env = home.env(api, { ...own, CLAUDEX_CLAUDE_BIN: realClaudePath() });
    const bare = await run(realClaudePath(), print, { env, cwd: home.cwd });
    const ours = await runClaudex(print, { env, cwd: home.cwd });
    expect(parse(bare.stdout)).toMatchObject({ FROM_ENV_FILE: 'yes' });
    const { CLAUDEX_LAUNCHED_BY: _, ...through } = parse(ours.stdout);
    expect(through).toEqual(parse(bare.stdout));
  });

  it('has nothing of a claude around it', async () => {
    const home = bed.home();
    const api = await bed.api(scriptedTools);
    const env = home.env(api, { CLAUDEX_CLAUDE_BIN: realClaudePath() });
    const bare = await run(realClaudePath(), print, { env, cwd: home.cwd });
    // what the outer claude gives its children, and none of it the person's
    const outer = parse(bare.stdout);
    const added = Object.fromEntries(Object.entries(outer).filter(([name]) => env[name] === undefined));
    expect(added).toMatchObject({ CLAUDECODE: '1', GIT_EDITOR: 'true' });
    const dump = join(home.root, 'dump');
    writeFileSync(dump, `#!/bin/sh\nenv\n`, { mode: 0o755 });
    const inner = await runClaudex(['-p', 'x'], {
      env: { ...env, ...outer, CLAUDE_PID: '1', CLAUDE_CODE_SESSION_ID: 's', CLAUDEX_CLAUDE_BIN: dump },
      cwd: home.cwd,
    });
    const left = Object.keys(parse(inner.stdout)).filter((name) => added[name] !== undefined);
    expect(left.filter((name) => name !== 'PWD')).toEqual([]);
  });
});
