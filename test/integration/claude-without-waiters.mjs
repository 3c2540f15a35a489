// The stand-in for claude with the asyncRewake hooks taken out of its --settings: fake-tui.mjs waits for every hook of an
// event, and a waiter ends only when it is needed. What they do is held against the real claude (test/e2e).
const place = process.argv.indexOf('--settings');
if (place !== -1) {
  const settings = JSON.parse(process.argv[place + 1]);
  for (const groups of Object.values(settings.hooks ?? {})) {
    for (const group of groups) group.hooks = group.hooks.filter((handler) => !handler.asyncRewake);
  }
  process.argv[place + 1] = JSON.stringify(settings);
}
await import('../fixtures/fake-tui.mjs');
