/** Every requirement is cited by a test. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { requirements } from '../requirements.ts';

it('every requirement is verified by a test somewhere', () => {
  const root = dirname(dirname(fileURLToPath(import.meta.url)));
  const cited = new Set<string>();
  for (const folder of ['unit', 'integration', 'e2e']) {
    for (const name of readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })) {
      if (!name.endsWith('.test.ts')) continue;
      for (const [, list] of readFileSync(join(root, folder, name), 'utf8').matchAll(/verifies\(([^)]*)\)/g)) {
        for (const [, id] of list!.matchAll(/'([a-z-]+)'/g)) cited.add(id!);
      }
    }
  }
  expect([...cited].sort()).toEqual(Object.keys(requirements).sort());
});
