// Makes CommonJS files of what tsc has left in dist/, one for each thing that is started often, because Node's loader of ES
// modules is what claude's start, a short command and the MCP server of each session would wait for (docs/benchmarks.md).
import { copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, extname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = dirname(fileURLToPath(import.meta.url));
const dist = join(root, 'dist', 'src');
/** Built each into one file; whoever imports one of them gets that file. */
const bundles = {
  run: join(dist, 'cli', 'main.js'),
  program: join(dist, 'cli', 'program.js'),
  attach: join(dist, 'cli', 'run-attach.js'),
  host: join(dist, 'cli', 'commands', 'host.js'),
  // what a session loads once its claude has been started
  daemonConnection: join(dist, 'runner', 'daemon-connection.js'),
  prompt: join(dist, 'cli', 'prompt.js'),
  mcpServer: join(dist, 'mcp', 'run-mcp-server.js'),
  warmWorker: join(dist, 'warm', 'worker', 'worker.js'),
  // what a session loads when somebody else wants to look at it
  screenSharing: join(dist, 'supervisor', 'screen-sharing.js'),
  // and what takes it out of its terminal
  handOver: join(dist, 'supervisor', 'hand-over.js'),
  searchWorker: join(dist, 'history', 'search-worker.js'),
  board: join(dist, 'board', 'run-board.js'),
  serve: join(dist, 'serve', 'run-serve.js'),
  workspaceProcess: join(dist, 'serve', 'workspace-process.js'),
  web: join(dist, 'web', 'web-command.js'),
  // what the web process loads with the first push
  pushService: join(dist, 'web', 'push-service.js'),
  mesh: join(dist, 'mesh', 'mesh-command.js'),
  // what a command loads that asks another machine of the mesh: none of NATS
  meshElsewhere: join(dist, 'mesh', 'mesh-elsewhere.js'),
  far: join(dist, 'far', 'far-command.js'),
};

/** Commands that are waited for: in the file of the commands, and run only when they are asked for. */
const inProgram =
  /\/(conversations\/((search|show)-conversations?|show-usage)|board\/show-board|managed\/start-for-message)\.js$/;

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

// all that these load is CommonJS: import() would bring the loader back
const required = { supported: { 'dynamic-import': false } };
await bundle(bundles.run, { ...required, packages: 'external', minifyWhitespace: true, minifySyntax: true });
await bundle(bundles.attach, { ...required, packages: 'external' });
await bundle(bundles.host, { ...required, packages: 'external' });
await bundle(bundles.daemonConnection, { ...required, packages: 'external' });
await bundle(bundles.prompt, { ...required, packages: 'external' });
await bundle(bundles.program, { keepModules: true });
await bundle(bundles.screenSharing, { packages: 'external' });
await bundle(bundles.handOver, { packages: 'external' });
await bundle(bundles.warmWorker, { packages: 'external' });
await bundle(bundles.searchWorker);
await bundle(bundles.workspaceProcess);
await bundleWhole(bundles.mcpServer);
const pushed = await bundle(bundles.pushService, { minify: true, metafile: true, external: ['https-proxy-agent'] });
await bundleWhole(bundles.web, { beside: [bundles.pushService], inputsBeside: pushed.metafile.inputs });
await bundle(bundles.meshElsewhere, { minify: true });
await bundleWhole(bundles.mesh, { beside: [bundles.meshElsewhere] });
await bundleWhole(bundles.far);
await bundleWhole(bundles.serve, { beside: [bundles.workspaceProcess] });
// ink's layout is an ES module that waits while it is loaded: no CommonJS file can hold it
await bundleWhole(bundles.board, {
  format: 'esm',
  plugins: [withoutDevtools],
  define: { 'process.env.NODE_ENV': '"production"', 'process.env.DEV': '"false"' },
  banner: {
    js: "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);",
  },
});

// the first holds what the second is made of
await bundleModule(join(dist, 'cli', 'sessions-file', 'sessions-schema.js'));
await bundleModule(join(dist, 'schedule', 'cron-times.js'));
await bundlePage();

/** The web page: the browser loads these files and nothing else. What the first terminal needs is a file of its own. */
async function bundlePage() {
  const source = join(root, 'src', 'web', 'page');
  const folder = join(dist, 'web', 'page');
  const { metafile } = await build({
    entryPoints: {
      page: join(source, 'main.tsx'),
      terminal: join(source, 'terminal', 'open-terminal.ts'),
      'service-worker': join(source, 'service-worker.ts'),
    },
    outdir: folder,
    chunkNames: 'part-[hash]',
    absWorkingDir: root,
    tsconfig: join(source, 'tsconfig.json'),
    bundle: true,
    splitting: true,
    platform: 'browser',
    target: 'es2022',
    format: 'esm',
    minify: true,
    logLevel: 'warning',
    legalComments: 'none',
    metafile: true,
  });
  for (const name of ['index.html', 'manifest.webmanifest', 'icon.svg'])
    copyFileSync(join(source, name), join(folder, name));
  writeLicences(metafile, folder);
}

/** With libraries in it that are not in node_modules: what tsc made could not be loaded, and their licences go along. */
async function bundleWhole(entry, { beside = [], inputsBeside = {}, ...options } = {}) {
  const { metafile } = await bundle(entry, { minify: true, metafile: true, ...options });
  const folder = dirname(entry);
  const kept = [entry, ...beside].map((one) => basename(asBundle(one)));
  for (const name of readdirSync(folder)) if (!kept.includes(name)) rmSync(join(folder, name), { recursive: true });
  writeLicences({ inputs: { ...metafile.inputs, ...inputsBeside } }, folder);
}

/** An ES module with its libraries in it, in the place of what tsc made: it imports nothing of ours that others import too. */
async function bundleModule(entry) {
  const { metafile } = await build({
    entryPoints: [entry],
    outfile: entry,
    allowOverwrite: true,
    absWorkingDir: root,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    minify: true,
    logLevel: 'warning',
    legalComments: 'none',
    metafile: true,
  });
  writeLicences(metafile, dirname(entry));
}

function writeLicences(metafile, folder) {
  const packages = new Set(
    Object.keys(metafile.inputs).flatMap((path) => path.match(/^.*node_modules\/(?:@[^/]+\/)?[^/]+/)?.[0] ?? []),
  );
  const notices = [...packages].sort().map(licenceOf);
  writeFileSync(join(folder, 'licences.txt'), notices.join(`\n${'-'.repeat(80)}\n\n`));
}

function licenceOf(folder) {
  const { name, version, license, repository } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
  const text = readdirSync(join(root, folder)).find((one) => /^licen[cs]e/i.test(one));
  // the MPL wants its readers told where the source is
  const source = /^MPL/.test(license) ? `Its source: ${repository.url}\n\n` : '';
  const heading = `${name} ${version} (${license})\n\n${source}`;
  if (text !== undefined) return `${heading}${readFileSync(join(root, folder, text), 'utf8').trim()}\n`;
  if (license !== 'MIT') throw new Error(`${folder} has no licence file`);
  return `${heading}The package has no file with the text of its licence; its source: ${repository.url}\n`;
}
