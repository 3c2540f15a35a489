// Makes CommonJS files of what tsc has left in dist/, one for each thing that is started often, because Node's loader of ES
// modules is what claude's start, a short command and the MCP server of each session would wait for (docs/benchmarks.md).
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, extname, join, relative } from 'node:path';
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
  searchWorker: join(dist, 'history', 'search-worker.js'),
  board: join(dist, 'board', 'run-board.js'),
};

/** Commands that are waited for: in the file of the commands, and run only when they are asked for. */
const inProgram = /\/(conversations\/(search|show)-conversations?|board\/show-board)\.js$/;

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

/** Of ink only what a person sees: its devtools are a package of their own, and never asked for. */
const withoutDevtools = {
  name: 'without-devtools',
  setup({ onLoad }) {
    onLoad({ filter: /\/ink\/build\/devtools\.js$/ }, () => ({ contents: '' }));
  },
};

/** The licence of a package that comes without its file. */
const withoutFile = {
  'yoga-layout': `MIT License

Copyright (c) Facebook, Inc. and its affiliates.

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation
files (the "Software"), to deal in the Software without restriction, including without limitation the rights to use, copy,
modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the Software
is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES
OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE
LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR
IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`,
};

function asBundle(file) {
  return `${file.slice(0, -extname(file).length)}${file === bundles.board ? '.mjs' : '.cjs'}`;
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
await bundle(bundles.warmWorker, { packages: 'external' });
await bundle(bundles.searchWorker);
const { metafile } = await bundle(bundles.mcpServer, { minify: true, metafile: true });
leaveOnly(bundles.mcpServer, metafile);
// ink's layout is an ES module that waits while it is loaded: no CommonJS file can hold it
const board = await bundle(bundles.board, {
  minify: true,
  metafile: true,
  outfile: asBundle(bundles.board),
  format: 'esm',
  plugins: [withoutDevtools],
  define: { 'process.env.NODE_ENV': '"production"', 'process.env.DEV': '"false"' },
  banner: {
    js: "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);",
  },
});
leaveOnly(bundles.board, board.metafile);

/** Its libraries are in that file and not in node_modules: what tsc made could not be loaded, and their licences go along. */
function leaveOnly(entry, { inputs }) {
  const folder = dirname(entry);
  const kept = basename(asBundle(entry));
  for (const name of readdirSync(folder)) if (name !== kept) rmSync(join(folder, name), { recursive: true });
  const packages = new Set(
    Object.keys(inputs).flatMap((path) => path.match(/^.*node_modules\/(?:@[^/]+\/)?[^/]+/)?.[0] ?? []),
  );
  const notices = [...packages].sort().map((path) => {
    const { name, version, license } = JSON.parse(readFileSync(join(root, path, 'package.json'), 'utf8'));
    const text = readdirSync(join(root, path)).find((one) => /^licen[cs]e/i.test(one));
    const words = text === undefined ? withoutFile[name] : readFileSync(join(root, path, text), 'utf8').trim();
    if (words === undefined) throw new Error(`${path} has no licence file`);
    return `${name} ${version} (${license})\n\n${words}\n`;
  });
  writeFileSync(join(folder, 'licences.txt'), notices.join(`\n${'-'.repeat(80)}\n\n`));
}
