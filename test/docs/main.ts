/** `npm run docs`: writes what the code owns in docs/: tables, and the schema of the file of sessions. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sessionsJsonSchema } from '../../src/cli/sessions-file/sessions-schema.ts';
import { packageRoot } from '../../src/home/package.ts';
import { generatedPages, readPage, withTables } from './generated-tables.ts';

for (const page of generatedPages) {
  const [before, now] = [readPage(page), withTables(readPage(page))];
  if (before !== now) writeFileSync(join(packageRoot(), page), now);
  console.log(`${page}: ${before === now ? 'as it was' : 'written'}`);
}

const schema = join(packageRoot(), 'docs', 'claudex.sessions.schema.json');
const text = JSON.stringify(sessionsJsonSchema());
const isSame = existsSync(schema) && JSON.stringify(JSON.parse(readFileSync(schema, 'utf8'))) === text;
if (!isSame) writeFileSync(schema, `${JSON.stringify(JSON.parse(text), null, 2)}\n`);
console.log(`docs/claudex.sessions.schema.json: ${isSame ? 'as it was' : 'written; format it'}`);
