// The same pipe as claudex-hook's curl line, for machines that have no curl: stdin -> POST to the daemon's socket -> stdout.
const http = require('node:http');
const { env, stdin, stdout } = process;
const giveUp = () => process.exit(1); // claudex-hook notes it
setTimeout(giveUp, (Number(env.CLAUDEX_HOOK_SECONDS) || 1) * 1000).unref(); // as curl's --max-time there
const chunks = [];
stdin.on('data', (chunk) => chunks.push(chunk));
stdin.on('end', () => {
  const request = http.request(
    {
      socketPath: env.CLAUDEX_SOCKET,
      path: '/v1/hooks',
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-claudex-ppid': env.CLAUDEX_PPID ?? '',
        // as UTF-8, which is what curl sends
        'x-claude-config-dir': Buffer.from(env.CLAUDE_CONFIG_DIR ?? '').toString('latin1'),
        'x-claudex-peers': env.CLAUDEX_PEERS ?? '',
      },
    },
    (response) => {
      if (response.statusCode !== 200) return giveUp();
      response.pipe(stdout);
      response.on('end', () => process.exit(0));
    },
  );
  request.on('error', giveUp);
  request.end(Buffer.concat(chunks));
});
