/** `npm run docs`: writes the tables of docs/ that the code owns. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/home/package.ts';
import { generatedPages, readPage, withTables } from './generated-tables.ts';

for (const page of generatedPages) {
  const [before, now] = [readPage(page), withTables(readPage(page))];
  if (before !== now) writeFileSync(join(packageRoot(), page), now);
  console.log(`${page}: ${before === now ? 'as it was' : 'written'}`);
}
