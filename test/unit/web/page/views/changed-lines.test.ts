import { expect, it } from 'vitest';
import { changedLines } from '../../../../../src/web/page/views/changed-lines.ts';

it('tells added, removed and kept lines', () => {
  expect(changedLines('a\nb\n', 'a\nc\n')).toEqual([
    { mark: ' ', text: 'a' },
    { mark: '−', text: 'b' },
    { mark: '+', text: 'c' },
  ]);
});
