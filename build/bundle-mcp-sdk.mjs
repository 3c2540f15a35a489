// Replaces dist/src/mcp/sdk.js, as tsc has left it, by one file with all that it imports, and writes their licences beside it.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const file = join(root, 'dist', 'src', 'mcp', 'sdk.js');
const { metafile } = await build({
  entryPoints: [file],
  outfile: file,
  allowOverwrite: true,
  absWorkingDir: root,
  bundle: true,
  minify: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  legalComments: 'none',
  metafile: true,
  // CommonJS packages in it (ajv) require Node's own modules
  banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
});

const folders = new Set(
  Object.keys(metafile.inputs).flatMap((path) => path.match(/^.*node_modules\/(?:@[^/]+\/)?[^/]+/)?.[0] ?? []),
);
const notices = [...folders].sort().map((folder) => {
  const { name, version, license } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
  const text = ['LICENSE', 'LICENSE.md', 'license'].map((one) => join(root, folder, one)).find(existsSync);
  if (text === undefined) throw new Error(`${folder} has no licence file`);
  return `${name} ${version} (${license})\n\n${readFileSync(text, 'utf8').trim()}\n`;
});
writeFileSync(join(dirname(file), 'sdk.licences.txt'), notices.join(`\n${'-'.repeat(80)}\n\n`));
