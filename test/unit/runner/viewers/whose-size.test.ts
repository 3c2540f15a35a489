import { expect, it } from 'vitest';
import { decidedSize } from '../../../../src/runner/viewers/whose-size.ts';

const viewer = (cols: number, lastActive: number, readOnly = false) => ({
  size: { cols, rows: 10 },
  lastActive,
  readOnly,
});

it.each([
  ['nobody', [], undefined],
  ['who wrote last', [viewer(80, 1), viewer(100, 3), viewer(60, 2)], 100],
  ['never one that only looks', [viewer(80, 1), viewer(100, 3, true)], 80],
  ['nobody when all only look', [viewer(80, 1, true)], undefined],
  ['never a terminal without a size', [viewer(80, 1), viewer(0, 5)], 80],
])('%s decides the size', (_, viewers, expected) => {
  expect(decidedSize(viewers)?.cols).toBe(expected);
});
