/** What a person is shown of a file that claude wants to write: as a diff shows it, to the last newline. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { shownInput } from '../../../../src/claude/hooks/shown-input.ts';
import { verifies } from '../../../requirements.ts';

it.each([
  ['a line', 'new file f\n+one'],
  ['two lines and a blank one', 'new file f\n+one\n+\n+two'],
  ['no newline at its end', 'new file f\n+one\n\\ No newline at end of file'],
  ['nothing', 'new file f\n(empty)'],
])(`a new file with %s ${verifies('question-shown-safely')}`, (what, shown) => {
  const cwd = mkdtempSync(join(tmpdir(), 'claudex-shown-'));
  onTestFinished(() => rmSync(cwd, { recursive: true, force: true }));
  const contents: Record<string, string> = {
    'a line': 'one\n',
    'two lines and a blank one': 'one\n\ntwo\n',
    'no newline at its end': 'one',
    nothing: '',
  };
  const ask = (content: string) =>
    shownInput({ tool: 'Write', input: { file_path: 'f', content: content }, suggestions: [] } as never, {
      cwd,
      transcriptPath: null,
    });
  expect(ask(contents[what]!)).toBe(shown);
  writeFileSync(join(cwd, 'f'), 'zero\n');
  expect(ask('one')).toContain('\\ No newline at end of file');
});
