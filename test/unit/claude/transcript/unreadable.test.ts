import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findAnswer, findHeld, findMark, transcriptSize } from '../../../../src/claude/transcript/marks.ts';
import { reportFailuresTo } from '../../../../src/process/guard.ts';

describe('a transcript that cannot be read', () => {
  let dir: string;
  const said: string[] = [];
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'cxt-unreadable-'));
    said.length = 0;
    reportFailuresTo((_error, what) => said.push(what));
  });
  afterEach(() => {
    reportFailuresTo(undefined);
    rmSync(dir, { recursive: true, force: true });
  });

  const tries: Array<[string, () => string, boolean]> = [
    ['is not there', () => join(dir, 'none.jsonl'), false],
    ['has too long a name', () => join(dir, 'x'.repeat(300), 'a.jsonl'), true],
    [
      'stands below a file',
      () => {
        writeFileSync(join(dir, 'file'), '');
        return join(dir, 'file', 'a.jsonl');
      },
      true,
    ],
    [
      'is a folder',
      () => {
        mkdirSync(join(dir, 'folder'));
        return join(dir, 'folder');
      },
      false,
    ],
    [
      'is a pipe',
      () => {
        execFileSync('mkfifo', [join(dir, 'pipe')]);
        return join(dir, 'pipe');
      },
      false,
    ],
  ];
  it.each(tries)('because it %s says nothing and stops nobody', (_name, make, isSaid) => {
    const path = make();
    for (let round = 0; round < 2; round++) {
      expect(findMark(path, 'claudex m1')).toBeUndefined();
      expect(findAnswer(path, 'claudex m1')).toBeUndefined();
      expect(findHeld(path, 'm1')).toBe(false);
      expect(() => transcriptSize(path)).not.toThrow();
    }
    expect(said).toEqual(isSaid ? [`transcript ${path}`] : []);
  });
});
