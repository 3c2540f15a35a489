// Makes CommonJS files of what tsc has left in dist/, one for each thing that is started often, because Node's loader of ES
// modules is what claude's start, a short command and the MCP server of each session would wait for (docs/benchmarks.md).
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, extname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = dirname(fileURLToPath(import.meta.url));
const dist = join(root, 'dist', 'src');
/** Built each into one file; whoever imports one of them gets that file. */
const bundles = {
  run: join(dist, 'cli', 'main.js'),
  program: join(dist, 'cli', 'program.js'),
  mcpServer: join(dist, 'mcp', 'run-mcp-server.js'),
  warmWorker: join(dist, 'warm', 'worker', 'worker.js'),
  // what a session loads when somebody else wants to look at it
  screenSharing: join(dist, 'supervisor', 'screen-sharing.js'),
  searchWorker: join(dist, 'history', 'search-worker.js'),
};

/** Commands that are waited for: in the file of the commands, and run only when they are asked for. */
const inProgram = /\/conversations\/(search|show)-conversations?\.js$/;

/** What is loaded later stays apart: the other bundles, and for the commands what each of them loads when it is asked for. */
function loadedLater({ from, keepModules }) {
  return {
    name: 'loaded-later',
    setup({ onResolve }) {
      onResolve({ filter: /^\./ }, ({ kind, path, resolveDir }) => {
        if (kind !== 'dynamic-import') return undefined;
        const file = join(resolveDir, path);
        const isBundle = Object.values(bundles).includes(file);
        if (!isBundle && (!keepModules || inProgram.test(file))) return undefined;
        const name = relative(dirname(from), isBundle ? asBundle(file) : file);
        return { path: name.startsWith('.') ? name : `./${name}`, external: true };
      });
    },
  };
}

function asBundle(file) {
  return `${file.slice(0, -extname(file).length)}.cjs`;
}

function bundle(entry, { keepModules = false, ...options } = {}) {
  return build({
    entryPoints: [entry],
    outfile: asBundle(entry),
    absWorkingDir: root,
    bundle: true,
    platform: 'node',
    target: 'node20',
    mainFields: ['module', 'main'], // jsonc-parser's main requires in ways that no bundler follows
    format: 'cjs',
    logLevel: 'warning',
    legalComments: 'none',
    define: { 'import.meta.url': 'moduleUrl' },
    banner: { js: "const moduleUrl = require('node:url').pathToFileURL(__filename).href;" },
    plugins: [loadedLater({ from: entry, keepModules })],
    ...options,
  });
}

// all that these two load is CommonJS: import() would bring the loader back
const required = { supported: { 'dynamic-import': false } };
await bundle(bundles.run, { ...required, packages: 'external' });
await bundle(bundles.program, { keepModules: true });
await bundle(bundles.screenSharing, { packages: 'external' });
await bundle(bundles.warmWorker, { packages: 'external' });
await bundle(bundles.searchWorker);
const { metafile } = await bundle(bundles.mcpServer, { minify: true, metafile: true });

// the MCP SDK and zod are in that file and not in node_modules: what tsc made could not be loaded, and their licences go along
const mcp = dirname(bundles.mcpServer);
for (const name of readdirSync(mcp)) if (name !== 'run-mcp-server.cjs') rmSync(join(mcp, name), { recursive: true });
const folders = new Set(
  Object.keys(metafile.inputs).flatMap((path) => path.match(/^.*node_modules\/(?:@[^/]+\/)?[^/]+/)?.[0] ?? []),
);
const notices = [...folders].sort().map((folder) => {
  const { name, version, license } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
  const text = ['LICENSE', 'LICENSE.md', 'license'].map((one) => join(root, folder, one)).find(existsSync);
  if (text === undefined) throw new Error(`${folder} has no licence file`);
  return `${name} ${version} (${license})\n\n${readFileSync(text, 'utf8').trim()}\n`;
});
writeFileSync(join(mcp, 'licences.txt'), notices.join(`\n${'-'.repeat(80)}\n\n`));
