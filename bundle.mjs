// Makes two CommonJS files of what tsc has left in dist/, because Node's loader of ES modules is what a short command and
// claude's start would wait for: main.cjs (the run path) and program.cjs (the commands). See docs/benchmarks.md.
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const cli = join(dirname(fileURLToPath(import.meta.url)), 'dist', 'src', 'cli');
const common = {
  outdir: cli,
  outExtension: { '.js': '.cjs' },
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  logLevel: 'warning',
  legalComments: 'none',
  define: { 'import.meta.url': 'moduleUrl' },
  banner: { js: "const moduleUrl = require('node:url').pathToFileURL(__filename).href;" },
};

/** The commands stay outside the run path. */
const programApart = {
  name: 'program-apart',
  setup({ onResolve }) {
    onResolve({ filter: /\/program\.js$/ }, () => ({ path: './program.cjs', external: true }));
  },
};

/** What a command loads when it is asked for stays where tsc left it. */
const laterModulesApart = {
  name: 'later-modules-apart',
  setup({ onResolve }) {
    onResolve({ filter: /^\./ }, ({ kind, path, resolveDir }) => {
      if (kind !== 'dynamic-import') return undefined;
      return { path: `./${relative(cli, join(resolveDir, path))}`, external: true };
    });
  },
};

await build({
  ...common,
  entryPoints: [join(cli, 'main.js')],
  packages: 'external',
  plugins: [programApart],
  // all of it is CommonJS: import() would bring the loader back
  supported: { 'dynamic-import': false },
});
await build({ ...common, entryPoints: [join(cli, 'program.js')], plugins: [laterModulesApart] });
