/** Where a plan stands of which its request says nothing. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { shownInput } from '../../../../src/claude/hooks/shown-input.ts';
import { aRequest } from '../../../support/question-scene.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

function aConversation(...paths: unknown[]): { transcriptPath: string; shown: () => string } {
  const transcriptPath = join(temporaryFolder(), 'c.jsonl');
  const lines = paths.map((planFilePath) =>
    JSON.stringify({ type: 'attachment', attachment: { type: 'plan_mode', planFilePath } }),
  );
  writeFileSync(transcriptPath, `${lines.join('\n')}\n`);
  const request = aRequest({ tool: 'ExitPlanMode', input: {} });
  return { transcriptPath, shown: () => shownInput(request, { cwd: '/', transcriptPath }) };
}

const elsewhere = '(claude does not say here what its plan is: read it in its terminal)';

it('the plan of the file that the conversation has named last is shown whole, nothing in it hidden', () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'old.md'), 'old');
  writeFileSync(join(folder, 'new.md'), '# Plan\n1. rm\u202e -rf\x1b[2J');
  const { shown } = aConversation(join(folder, 'old.md'), join(folder, 'new.md'));
  expect(shown()).toBe(`# Plan\n1. rm⟨U+202E⟩ -rf⟨U+001B⟩[2J\nplan file: ${folder}/new.md`);
});

it('what cannot be read is said to be elsewhere: no file, a folder, one too large, no name', () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'folder.md'));
  writeFileSync(join(folder, 'large.md'), 'x'.repeat((1 << 20) + 1));
  for (const path of ['none.md', 'folder.md', 'large.md'])
    expect(aConversation(join(folder, path)).shown()).toBe(elsewhere);
  expect(aConversation(7, null, { path: 'x' }).shown()).toBe(elsewhere);
  const request = aRequest({ tool: 'ExitPlanMode', input: {} });
  for (const transcriptPath of [null, '/nowhere.jsonl'])
    expect(shownInput(request, { cwd: '/', transcriptPath })).toBe(elsewhere);
});
