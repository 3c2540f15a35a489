#!/usr/bin/env node
// Checks the Node version in syntax that any Node can read, then hands over. Knows no command.
// CommonJS, and one file of it (bundle.mjs): Node's loader of ES modules costs claude's start 15 ms.
var parts = process.versions.node.split('.').map(Number);
if (parts[0] < 20 || (parts[0] === 20 && (parts[1] < 18 || (parts[1] === 18 && parts[2] < 1)))) {
  process.stderr.write(
    'claudex needs Node 20.18.1 or newer; this is ' +
      process.version +
      '.\nFix: install a newer Node.js, then run claudex again.\n',
  );
  process.exit(3);
}
require('../dist/src/cli/main.cjs');
